//! The real binary, driven over standard input and output as an editor does it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "these are tests, and the long ones tell their figures"
)]

mod ask;
mod cancel;
#[path = "../chance/mod.rs"]
mod chance;
mod client;
mod conformance;
mod folders;
mod library;
mod life;
mod meta_model;
mod monkey;
mod odd;
mod robust;
mod screen;
mod sync;
mod table;

/// Checks all that is said in the tests.
fn listener() -> client::Listener {
    let mut conversation = meta_model::Conversation::default();
    Box::new(move |side, message| {
        if let Err(reason) = conversation.check(side, message) {
            panic!("{side:?} breaks the protocol: {reason}\n{message:#}");
        }
    })
}
