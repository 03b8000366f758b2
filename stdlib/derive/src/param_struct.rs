//! Writes `impl ParamType` for a struct that is the type of one parameter.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Result};

use crate::attributes::Param;

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let fields = Param::read_all(input)?;
    if fields.is_empty() {
        return Err(Error::new(
            input.ident.span(),
            "a struct parameter needs fields",
        ));
    }
    let ident = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let types = fields.iter().map(|Param { ty, name, .. }| {
        quote_spanned! {ty.span()=>
            (#name, <#ty as ::mgmt_stdlib::param::ParamType>::host_type())
        }
    });
    let secrets = fields
        .iter()
        .map(|Param { ty, .. }| quote! { <#ty as ::mgmt_stdlib::param::ParamType>::SECRET });
    let from = fields.iter().map(|Param { ident, name, .. }| {
        quote! { #ident: ::mgmt_stdlib::param::struct_field(value, #name)?, }
    });
    let to = fields.iter().map(|Param { ident, name, .. }| {
        quote! { (#name, ::mgmt_stdlib::param::ParamType::to_value(&self.#ident)?) }
    });
    let is_zero = fields.iter().map(
        |Param { ident, .. }| quote! { ::mgmt_stdlib::param::ParamType::is_zero(&self.#ident) },
    );
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::mgmt_stdlib::param::ParamType for #ident #ty_generics #where_clause {
            const SECRET: bool = #(#secrets)||*;

            fn host_type() -> ::mgmt_stdlib::param::HostType {
                ::mgmt_stdlib::param::HostType::Struct(::std::vec![#(#types),*])
            }

            fn from_value(
                value: &::mgmt_stdlib::value::Value,
            ) -> ::core::result::Result<Self, ::std::string::String> {
                ::core::result::Result::Ok(Self { #(#from)* })
            }

            fn to_value(&self) -> ::core::option::Option<::mgmt_stdlib::value::Value> {
                ::core::option::Option::Some(::mgmt_stdlib::value::Value::Struct(
                    [#(#to),*].into_iter().collect(),
                ))
            }

            fn is_zero(&self) -> bool {
                #(#is_zero)&&*
            }
        }
    })
}
