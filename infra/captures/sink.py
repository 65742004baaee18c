"""Takes in the export datagrams, so that exporters meet a collector and not a refusal."""

import socket

receiver = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
receiver.bind(("::", 2055))
while True:
    receiver.recv(65_535)
