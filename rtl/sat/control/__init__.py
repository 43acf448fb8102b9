"""Control of tiles: loading, starting, stepping, draining."""
