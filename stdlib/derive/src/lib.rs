//! Derives a resource kind's schema from its struct of parameters.

use proc_macro::TokenStream;

/// See `mgmt_stdlib::resource::Params`.
#[proc_macro_derive(Params, attributes(resource, param))]
pub fn derive_params(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// See `mgmt_stdlib::param::ParamType`.
#[proc_macro_derive(ParamStruct, attributes(param))]
pub fn derive_param_struct(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}
