//! Tests of the persisted types.
