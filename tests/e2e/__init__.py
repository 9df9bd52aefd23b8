"""What members do in their browser, in a headless Chromium against the real processes."""
