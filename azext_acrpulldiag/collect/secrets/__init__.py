"""Read pull secrets, and what Azure and the registry say of the credentials in them."""
