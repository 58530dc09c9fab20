from outages.monitor import Monitor

__all__ = ["Monitor"]
