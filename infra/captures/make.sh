#!/bin/sh
# Makes every capture of this folder anew: real exporters meter traffic between two hosts in network
# namespaces, tcpdump keeps what they send to the collector, tshark says what is in it.
#
# Usage, as root, on a Debian or Ubuntu machine:
#   apt-get install softflowd pmacct tcpdump tshark iproute2 iputils-ping iperf3 ethtool python3
#   infra/captures/make.sh [NAME ...]        (all when no NAME is given)
#
# Times, ports and byte counts differ from run to run: the expectations are computed anew with the captures.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
prefix="v6meter-$$"
pids=""

cleanup() {
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  for space in client router server collector; do ip netns del "$prefix-$space" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

in_space() {
  space=$1
  shift
  ip netns exec "$prefix-$space" "$@"
}

# client -- router -- server, and router -- collector; addresses are of the documentation ranges.
build_network() {
  for space in client router server collector; do
    ip netns add "$prefix-$space"
    in_space $space sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
    in_space $space ip link set lo up
  done
  in_space router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  for space in client server collector; do
    in_space $space ip link add up0 type veth peer name "$space" netns "$prefix-router"
    in_space $space ip link set up0 up
    in_space router ip link set "$space" up
    # Whole packets of at most the MTU, as on a wire, instead of the kernel's 64 KiB ones.
    in_space $space ethtool -K up0 tso off gso off gro off 2>/dev/null || true
    in_space router ethtool -K "$space" tso off gso off gro off 2>/dev/null || true
  done
  link client 192.0.2 2001:db8:1
  link server 198.51.100 2001:db8:2
  in_space collector ip addr add 203.0.113.250/24 dev up0
  in_space collector ip addr add 2001:db8:f::250/64 dev up0 nodad
}

link() {
  in_space "$1" ip addr add "$2.10/24" dev up0
  in_space "$1" ip addr add "$3::10/64" dev up0 nodad
  in_space router ip addr add "$2.1/24" dev "$1"
  in_space router ip addr add "$3::1/64" dev "$1" nodad
  in_space "$1" ip route add default via "$2.1"
  in_space "$1" ip -6 route add default via "$3::1"
}

# start SPACE COMMAND...: runs it in the background, its output in a log; its pid is in $started (`ip netns
# exec` becomes the command).
start() {
  space=$1
  shift
  (exec ip netns exec "$prefix-$space" "$@") >>"$work/log" 2>&1 &
  started=$!
  pids="$pids $started"
}

finish() {
  kill -TERM "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# TCP of several sizes, UDP, and pings, over IPv4 and IPv6, some of it from the server's side.
make_traffic() {
  for target in 198.51.100.10 2001:db8:2::10; do
    in_space client ping -q -c 3 -i 0.2 "$target" >/dev/null
    for size in 2K 20K 200K; do in_space client iperf3 -c "$target" -l 1K -n "$size" >/dev/null; done
    in_space client iperf3 -c "$target" -u -b 400K -l 700 -t 1 >/dev/null
    in_space client iperf3 -c "$target" -R -l 1K -n 60K >/dev/null
  done
}

# What tshark finds in a capture, as the JSON the tests compare with.
expect() {
  python3 "$here/expect.py" "$here/$1.pcap" >"$here/$1.expected.json"
}

# capture NAME EXPORTER_ADDRESS LINK EXPORTER_COMMAND...: one capture. LINK is the interface tcpdump listens
# on (any gives Linux cooked frames). @W stands for the work folder in the command.
capture() {
  name=$1 address=$2 interface=$3
  shift 3
  if [ -n "$only" ] && ! echo " $only " | grep -q " $name "; then return; fi
  echo "$name"
  in_space router ip addr flush dev collector scope global
  case $address in
    *:*) in_space router ip addr add "$address/64" dev collector nodad ;;
    *) in_space router ip addr add "$address/24" dev collector ;;
  esac
  start collector python3 "$here/sink.py"
  sink=$started
  start collector tcpdump -Z root -q -U -i "$interface" -s 0 -w "$here/$name.pcap" udp dst port 2055
  dump=$started
  sleep 1
  start router "$@"
  exporter=$started
  sleep 2
  make_traffic
  sleep 2
  # Run in the foreground softflowd ends at a signal without exporting what it holds.
  if [ -S "$work/softflowd.ctl" ]; then in_space router softflowctl -c "$work/softflowd.ctl" shutdown >>"$work/log" 2>&1; fi
  sleep 1
  finish "$exporter"
  sleep 1
  finish "$dump"
  finish "$sink"
  expect "$name"
}

softflowd() {
  name=$1 address=$2 interface=$3 receiver=$4
  shift 4
  capture "$name" "$address" "$interface" softflowd -d -i client -p "$work/softflowd.pid" -c "$work/softflowd.ctl" \
    -n "$receiver" "$@"
}

nfprobe() {
  name=$1 address=$2 interface=$3 receiver=$4 version=$5
  shift 5
  {
    printf 'daemonize: false\npcap_interface: client\nplugins: nfprobe\n'
    printf 'aggregate: src_host, dst_host, src_port, dst_port, proto, tos, tcpflags, in_iface, out_iface\n'
    printf 'nfprobe_receiver: %s\nnfprobe_version: %s\n' "$receiver" "$version"
    printf 'nfprobe_timeouts: tcp=3:udp=3:icmp=3:general=3:expint=1\n'
    for line in "$@"; do printf '%s\n' "$line"; done
  } >"$work/$name.conf"
  capture "$name" "$address" "$interface" pmacctd -f "$work/$name.conf"
}

only="$*"
build_network
start server iperf3 -s
sleep 1

v4=203.0.113.250:2055
v6=[2001:db8:f::250]:2055
softflowd softflowd-v5 203.0.113.1 up0 $v4 -v 5
softflowd softflowd-v9 203.0.113.2 up0 $v4 -v 9
softflowd softflowd-ipfix 203.0.113.3 any $v4 -v 10
softflowd softflowd-ipfix-biflow 203.0.113.4 up0 $v4 -v 10 -b -A milli
softflowd softflowd-v9-sampled 203.0.113.5 up0 $v4 -v 9 -s 4
softflowd softflowd-ipfix-over-ipv6 2001:db8:f::6 up0 $v6 -v 10
nfprobe nfprobe-v5 203.0.113.7 up0 $v4 5
nfprobe nfprobe-v9 203.0.113.8 up0 $v4 9
nfprobe nfprobe-ipfix 203.0.113.9 any $v4 10
nfprobe nfprobe-ipfix-sampled 203.0.113.10 up0 $v4 10 'sampling_rate: 4'
