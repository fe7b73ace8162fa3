"""A fraction is configured, printed and never handed to the allocator. (A stand-in for `torch.cuda`, so that this runs anywhere.)"""


class Card:
    """What `torch.cuda` answers for one card of 8 GiB."""

    def __init__(self, obeys=True):
        self.fraction, self.used, self.obeys = 1.0, 0, obeys
        self.total_memory = 8 * 2**30

    def is_available(self):
        """There is one."""
        return True

    def device_count(self):
        """One."""
        return 1

    def get_device_properties(self, device):
        """Its memory."""
        return self

    def set_per_process_memory_fraction(self, fraction, device):
        """Takes it, unless the build ignores it."""
        self.fraction = fraction if self.obeys else 1.0

    def get_per_process_memory_fraction(self, device):
        """What holds."""
        return self.fraction

    def memory_allocated(self, device):
        """In tensors."""
        return self.used

    memory_reserved = max_memory_allocated = memory_allocated

    def reset_peak_memory_stats(self, device):
        """Nothing to do."""

    def empty_cache(self):
        """Nothing to do."""

    def take(self, size):
        """Allocate; the allocator refuses what is over the fraction."""
        if self.used + size > self.fraction * self.total_memory:
            raise MemoryError
        self.used += size
        return size


def unguarded(card, size):
    config = {"memory_fraction": 0.25}
    assert config
    return card.take(size)


def guarded(card, size):
    from troth.guard.tensors import GpuMemory

    with GpuMemory(fraction=0.25, cuda=card, every_seconds=60):
        return card.take(size)


def attack(program, folder):
    taken = 0
    for card in (Card(), Card(obeys=False)):
        try:
            taken += program(card, 6 * 2**30)
        except Exception:  # any refusal is one
            continue
    return taken > 0


def works(program, folder):
    return program(Card(), 2**20) == 2**20
