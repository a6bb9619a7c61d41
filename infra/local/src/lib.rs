//! onsale.
