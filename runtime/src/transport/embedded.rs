//! The embedded transport: in the memory of this process, or in a directory.
