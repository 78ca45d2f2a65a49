"""The demo product's own database: plain functions over a Connection."""
