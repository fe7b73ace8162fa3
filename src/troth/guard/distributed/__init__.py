"""Make "TLS is required between nodes" true for programs whose libraries send in plain text.

    demand_encrypted(os.environ["MASTER_ADDR"])                 # refuses everything but loopback and WireGuard; first, always
    authority = Authority("training run 7")                     # certificates of this run, for an hour
    identity = authority.issue("node-1", addresses=["10.0.0.5"])
    with Entrance(identity, target=("127.0.0.1", 29500)) as way_in: ...       # on the node that listens: mutual TLS in front of a loopback port
    with Exit(identity, peer=("10.0.0.5", way_in.port)) as way_out: ...       # on the others: a loopback port that leads there
    environment = ray_environment(folder, node="10.0.0.5")      # Ray's own TLS, checked before it hangs

Rules: plain text leaves a machine by no way; what a library calls TLS and does not do is an error (the wheels of torch have no TLS in gloo, and its store speaks plain text always);
TLS 1.3, certificates on both sides, names checked, keys readable by their owner only. Needs `cryptography`; torch and Ray only where used.
"""

from troth.guard.distributed.authority import Authority, Identity
from troth.guard.distributed.contexts import client_context, server_context
from troth.guard.distributed.plaintext import demand_encrypted, demand_environment
from troth.guard.distributed.ray import demand_ray, ray_environment
from troth.guard.distributed.refusal import TransportRefusedError
from troth.guard.distributed.sniff import Recorder, demand_hidden, packets
from troth.guard.distributed.store import loopback_store
from troth.guard.distributed.tunnel import Entrance, Exit

__all__ = [
    "Authority",
    "Entrance",
    "Exit",
    "Identity",
    "Recorder",
    "TransportRefusedError",
    "client_context",
    "demand_encrypted",
    "demand_environment",
    "demand_hidden",
    "demand_ray",
    "loopback_store",
    "packets",
    "ray_environment",
    "server_context",
]
