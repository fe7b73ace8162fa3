"""Mail as text: what an incoming mail says, bounded; what an outgoing one looks like. Opens no connection and no folder."""
