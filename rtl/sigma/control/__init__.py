"""Control of tiles: loading, starting, draining."""
