//! Sagas as they are written by those who know nothing of the compiler: in the shape of the classic samples of workflow
//! systems.

mod batches;
mod machines;
mod orders;
mod people;
mod trips;
