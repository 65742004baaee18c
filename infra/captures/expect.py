"""What tshark decodes from a capture of NetFlow or IPFIX, summed up as JSON.

Usage: python3 expect.py FILE.pcap. No code of this project takes part: the figures are Wireshark's.
"""

import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

OPTIONS_TEMPLATE_SETS = ("1", "3")  # flowset id of v9, set id of IPFIX


def tshark(*arguments):
    return subprocess.run(["tshark", *arguments], capture_output=True, check=True, text=True).stdout


def first(element, name, reverse=False):
    """The first field of that name; tshark gives those of RFC 5103 the same name and another label."""
    for field in element.iterfind(f".//field[@name='cflow.{name}']"):
        if ("(Reverse Type" in field.get("showname")) == reverse:
            return field.get("show")
    return None


def number(element, name, reverse=False):
    return int(first(element, name, reverse) or 0)


def sets(message):
    """Sets of v9 and IPFIX; the body of a v5 message is one."""
    found = [field for field in message if (field.get("show") or "").startswith(("FlowSet ", "Set "))]
    return found or [message]


def records(data):
    return [field for field in data if (field.get("show") or "").startswith(("Flow ", "pdu "))]


def main(path):
    figures = dict.fromkeys(
        ["flow_records", "reverse_records", "options_records", "ipv4", "ipv6", "no_ip", "bytes", "packets"], 0
    )
    versions, exporters, sampling, options_templates = set(), set(), set(), set()
    datagrams = 0
    for packet in xml.fromstring(tshark("-r", path, "-T", "pdml")):
        message = packet.find("proto[@name='cflow']")
        if message is None:
            raise SystemExit(f"{path}: packet {datagrams + 1} is not NetFlow or IPFIX")
        datagrams += 1
        versions.add(number(message, "version"))
        network = packet.find("proto[@name='ip']/field[@name='ip.src']")
        if network is None:
            network = packet.find("proto[@name='ipv6']/field[@name='ipv6.src']")
        exporters.add(network.get("show"))
        interval = number(message, "samplerate") if number(message, "version") == 5 else 0
        if interval:
            sampling.add(interval)
        for data in sets(message):
            set_id = first(data, "flowset_id")
            if set_id in OPTIONS_TEMPLATE_SETS:
                options_templates.update(
                    field.get("show") for field in data.iter("field") if field.get("name") == "cflow.template_id"
                )
                continue
            for record in records(data):
                if set_id in options_templates:
                    figures["options_records"] += 1
                    for name in ("sampling_interval", "sampling_packet_interval", "sampler_random_interval"):
                        if first(record, name) is not None:
                            sampling.add(number(record, name) + number(record, "sampling_packet_space"))
                    continue
                figures["flow_records"] += 1
                figures["bytes"] += number(record, "octets")
                figures["packets"] += number(record, "packets")
                family = "ipv4" if first(record, "srcaddr") else "ipv6" if first(record, "srcaddrv6") else "no_ip"
                figures[family] += 1
                # RFC 5103: a direction that saw no packet is no flow.
                if number(record, "packets", reverse=True):
                    figures["reverse_records"] += 1
                    figures["bytes"] += number(record, "octets", reverse=True)
                    figures["packets"] += number(record, "packets", reverse=True)
                    figures[family] += 1
    name = pathlib.Path(path).stem
    version = re.search(r"\d+\.\d+\.\d+", tshark("--version")).group()
    expected = {
        "name": name,
        "computed_by": f"tshark {version} by infra/captures/expect.py; a direction of RFC 5103 that has packets counts as "
        "a record of its own in the sums",
        "datagrams": datagrams,
        "exporters": sorted(exporters),
        "versions": sorted(versions),
        **figures,
        "sampling_rates": sorted(sampling),
    }
    # A line each, as the repository's formatter has it.
    print("{\n" + ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in expected.items()) + "\n}")


main(sys.argv[1])
