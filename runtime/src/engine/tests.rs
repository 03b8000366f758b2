//! The engine as its users see it, with fake resources on a paused clock.

pub(crate) mod fake;

mod failure;
mod groups;
mod independence;
mod lives;
mod meta;
mod observe;
mod random;
mod stop;
mod switch;
mod timing;
mod values;
