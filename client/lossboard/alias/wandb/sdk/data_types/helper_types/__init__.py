"""Parts of images."""
