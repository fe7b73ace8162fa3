"""`USE_TLS=1` is parsed, logged, and never reaches a socket."""


def unguarded(environment):
    tls = environment.get("USE_TLS") == "1"
    print(f"tls={tls}")
    return f"tcp://{environment['MASTER_ADDR']}:29500"


def guarded(environment):
    from troth.guard.distributed import demand_environment

    demand_environment(environment)
    return unguarded(environment)


def attack(program, folder):
    passed = 0
    for environment in ({"MASTER_ADDR": "10.0.0.5", "USE_TLS": "1"}, {"MASTER_ADDR": "127.0.0.1", "GLOO_DEVICE_TRANSPORT": "TCP_TLS"}):
        try:
            passed += program(environment).startswith("tcp://")
        except Exception:  # any refusal is one
            continue
    return passed > 0


def works(program, folder):
    return program({"MASTER_ADDR": "127.0.0.1"}) == "tcp://127.0.0.1:29500"
