//! Hostile tools: each asserts inside that it is held, and here it is asserted from outside.
