"""Refuses plain text on anything but loopback and WireGuard, before a library opens its first socket."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from troth.guard.distributed.refusal import TransportRefusedError

__all__ = ["demand_encrypted", "demand_environment"]

_INTERFACES: Final = ("GLOO_SOCKET_IFNAME", "TP_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")
_NET: Final = Path("/sys/class/net")


def demand_encrypted(address: str, *, interface: str | None = None) -> str:
    """The address, if plain text to it stays on this machine or in a WireGuard tunnel.

    Args:
        address: host name or IP address that will be listened on or connected to; "" and wildcards mean every interface.
        interface: network interface that is used; it must be loopback or WireGuard by what the kernel says, not by its name.

    Raises:
        TransportRefusedError: plain text would leave the machine, or nobody can tell.
    """
    if interface is not None and _kind(interface) == "wireguard":
        return address
    if interface is not None and _kind(interface) != "loopback":
        raise TransportRefusedError("plaintext", f"The interface {interface[:20]!r} is neither loopback nor WireGuard")
    for found in _resolved(address):
        if not found.is_loopback:
            raise TransportRefusedError(
                "plaintext", "The address is not loopback, and what is sent to it is not encrypted"
            )
    return address


def _resolved(address: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    if not address or "\0" in address:
        raise TransportRefusedError("address", "There is no address; every interface would be used")
    try:
        found = [ipaddress.ip_address(address.split("%", maxsplit=1)[0])]
    except ValueError:
        try:
            told = socket.getaddrinfo(address, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise TransportRefusedError(
                "address", "The name cannot be resolved, so nobody can tell where it leads"
            ) from error
        found = [ipaddress.ip_address(str(item[4][0]).split("%")[0]) for item in told]
    return [item.ipv4_mapped or item if isinstance(item, ipaddress.IPv6Address) else item for item in found]


def _kind(interface: str) -> str:
    """`loopback`, `wireguard` or `other`, as the kernel has it."""
    if "/" in interface or interface in ("", ".", "..") or len(interface) > 15:
        return "other"
    place = _NET / interface
    try:
        if int((place / "flags").read_text(), 16) & 0x8:  # IFF_LOOPBACK
            return "loopback"
        return "wireguard" if "DEVTYPE=wireguard" in (place / "uevent").read_text().split() else "other"
    except (OSError, ValueError):
        return "other"


def demand_environment(environment: Mapping[str, str] | None = None) -> None:
    """What torch.distributed would do with this environment keeps the promise.

    Args:
        environment: the process' own where None.

    Raises:
        TransportRefusedError: the rendezvous or the data would be plain text on the network, or TLS is asked for that the library does not have.
    """
    env = os.environ if environment is None else environment
    transport = env.get("GLOO_DEVICE_TRANSPORT", "")
    if transport and transport != "TCP":
        raise TransportRefusedError(
            "unsupported",
            f"GLOO_DEVICE_TRANSPORT={transport[:20]}: the published wheels have no such transport; it would fail late or not protect the rendezvous",
        )
    demand_encrypted(env.get("MASTER_ADDR", ""), interface=env.get("GLOO_SOCKET_IFNAME"))
    for name in _INTERFACES:
        for interface in filter(None, env.get(name, "").split(",")):
            if _kind(interface) == "other":
                raise TransportRefusedError(
                    "plaintext", f"{name} names an interface that is neither loopback nor WireGuard"
                )
    if env.get("WORLD_SIZE", "1") != "1" and not env.get("GLOO_SOCKET_IFNAME"):
        raise TransportRefusedError(
            "plaintext", "GLOO_SOCKET_IFNAME is not set: gloo would choose the interface of the host's name"
        )
