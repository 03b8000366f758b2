//! `net`: addresses, and the interfaces of the machine (functions.md §17).

mod address;
mod hostport;
mod http;
mod interface;
mod mac;
mod url;

use crate::catalog::FunctionDef;

pub(crate) use interface::hardware_addresses;

pub(crate) fn all() -> Vec<FunctionDef> {
    [
        address::functions(),
        hostport::functions(),
        http::functions(),
        interface::functions(),
        mac::functions(),
        url::functions(),
    ]
    .concat()
}
