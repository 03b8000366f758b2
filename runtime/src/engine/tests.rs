//! The engine as its users see it, with fake resources on a paused clock.

pub(crate) mod fake;
mod random;
mod timing;
