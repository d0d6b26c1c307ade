"""The HTTP API: for business services, managers, new screens, and whoever runs the house."""
