"""The projection: the last known snapshot of each subscription, which the vendor keeps."""
