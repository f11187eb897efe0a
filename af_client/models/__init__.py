"""Real classifiers of real images: trained, exported, split for delivery, run on the device."""
