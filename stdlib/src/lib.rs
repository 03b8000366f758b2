//! The vocabulary of mcl as data: types, values, functions and resource kinds as declared.
//!
//! This crate says what a program can name; it never acts. The compiler checks against it, the
//! editor shows it, the manual prints it and the runtime receives the same structs. Read
//! [`catalog`] first, then [`functions`] and [`resources`].

// Lets the derive macro name this crate by the same path inside and outside of it.
extern crate self as mgmt_stdlib;

pub mod bmc;
pub mod catalog;
pub mod duration;
pub mod functions;
pub mod hostname;
pub mod mode;
pub mod modules;
pub mod param;
pub mod paths;
pub mod resource;
pub mod resources;
pub mod template;
pub mod types;
pub mod value;
