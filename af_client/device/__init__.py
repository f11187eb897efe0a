"""The device: receives models over the user plane and recognises images with the newest one."""
