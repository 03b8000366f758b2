//! Writes `impl Params` and `impl Declare`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, ExprPath, Result};

use crate::attributes::{Param, ResourceAttributes};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let resource = ResourceAttributes::read(input)?;
    let params = Param::read_all(input)?;
    let params_impl = params_impl(input, &resource, &params);
    let declare_impl = declare_impl(input, &resource, &params)?;
    Ok(quote! { #params_impl #declare_impl })
}

fn params_impl(
    input: &DeriveInput,
    resource: &ResourceAttributes,
    params: &[Param<'_>],
) -> TokenStream {
    let name = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let kind = &resource.kind;
    let set = params.iter().map(
        |Param {
             ident, name, ty, ..
         }| {
            quote_spanned! {ty.span()=>
                #name => {
                    self.#ident = ::mgmt_stdlib::param::ParamType::from_value(value)
                        .map_err(::mgmt_stdlib::resource::SetError::Misfit)?;
                    ::core::result::Result::Ok(())
                }
            }
        },
    );
    let get = params
        .iter()
        .map(|Param { ident, name, .. }| quote! { #name => ::mgmt_stdlib::param::ParamType::to_value(&self.#ident), });
    let is_zero = params
        .iter()
        .map(|Param { ident, name, .. }| quote! { #name => ::mgmt_stdlib::param::ParamType::is_zero(&self.#ident), });
    let differs = differs(resource, params);
    let auto_edges = resource.auto_edges.as_ref().map(|auto_edges| {
        quote! {
            fn auto_edges(&self, name: &str) -> ::mgmt_stdlib::resource::AutoEdges {
                #auto_edges(self, name)
            }
        }
    });
    let merged_with = resource.merge.as_ref().map(merged_with);
    quote! {
        #[automatically_derived]
        impl #impl_generics ::mgmt_stdlib::resource::Params for #name #ty_generics #where_clause {
            fn kind(&self) -> &'static str {
                #kind
            }

            fn set(
                &mut self,
                param: &str,
                value: &::mgmt_stdlib::value::Value,
            ) -> ::core::result::Result<(), ::mgmt_stdlib::resource::SetError> {
                let _ = value;
                match param {
                    #(#set)*
                    _ => ::core::result::Result::Err(
                        ::mgmt_stdlib::resource::SetError::Unknown(::std::borrow::ToOwned::to_owned(param)),
                    ),
                }
            }

            fn get(&self, param: &str) -> ::core::option::Option<::mgmt_stdlib::value::Value> {
                match param {
                    #(#get)*
                    _ => ::core::option::Option::None,
                }
            }

            fn is_zero(&self, param: &str) -> bool {
                match param {
                    #(#is_zero)*
                    _ => true,
                }
            }

            fn differs(
                &self,
                other: &dyn ::mgmt_stdlib::resource::Params,
            ) -> ::core::option::Option<::std::string::String> {
                let ::core::option::Option::Some(other) = other.as_any().downcast_ref::<Self>() else {
                    return ::core::option::Option::Some(::std::borrow::ToOwned::to_owned("kind differs"));
                };
                let _ = other;
                #differs
            }

            #merged_with

            #auto_edges

            fn clone_box(&self) -> ::std::boxed::Box<dyn ::mgmt_stdlib::resource::Params> {
                ::std::boxed::Box::new(::core::clone::Clone::clone(self))
            }

            fn as_any(&self) -> &dyn ::core::any::Any {
                self
            }

            fn as_any_mut(&mut self) -> &mut dyn ::core::any::Any {
                self
            }
        }
    }
}

fn differs(resource: &ResourceAttributes, params: &[Param<'_>]) -> TokenStream {
    let first = resource.compare.iter().map(|compare| {
        quote! {
            let difference: ::core::option::Option<::std::string::String> = #compare(self, other);
            if difference.is_some() {
                return difference;
            }
        }
    });
    let fields = params.iter().filter(|param| !param.skip_compare).map(
        |Param {
             ident,
             ty,
             dump_name,
             ..
         }| {
            let text = format!("the {dump_name} differs");
            quote_spanned! {ty.span()=>
                if self.#ident != other.#ident {
                    return ::core::option::Option::Some(::std::borrow::ToOwned::to_owned(#text));
                }
            }
        },
    );
    quote! {
        #(#first)*
        #(#fields)*
        ::core::option::Option::None
    }
}

fn merged_with(merge: &ExprPath) -> TokenStream {
    quote! {
        fn merged_with(
            &self,
            other: &dyn ::mgmt_stdlib::resource::Params,
        ) -> ::core::option::Option<
            ::core::result::Result<
                ::std::boxed::Box<dyn ::mgmt_stdlib::resource::Params>,
                ::std::string::String,
            >,
        > {
            let other = other.as_any().downcast_ref::<Self>()?;
            let merged: ::core::result::Result<Self, ::std::string::String> = #merge(self, other);
            ::core::option::Option::Some(match merged {
                ::core::result::Result::Ok(params) => ::core::result::Result::Ok(::std::boxed::Box::new(params)),
                ::core::result::Result::Err(reason) => ::core::result::Result::Err(reason),
            })
        }
    }
}

fn declare_impl(
    input: &DeriveInput,
    resource: &ResourceAttributes,
    params: &[Param<'_>],
) -> Result<TokenStream> {
    let name = &input.ident;
    let (impl_generics, ty_generics, where_clause) = input.generics.split_for_impl();
    let ResourceAttributes {
        doc, kind, traits, ..
    } = resource;
    let inside = match resource.inside(params)? {
        Some((kind, param)) => quote! {
            ::core::option::Option::Some(::mgmt_stdlib::resource::Inside { kind: #kind, param: #param })
        },
        None => quote! { ::core::option::Option::None },
    };
    let params = params.iter().map(|param| {
        let Param {
            ty,
            doc,
            name,
            dump_name,
            func,
            ..
        } = param;
        let mut host_type =
            quote_spanned! {ty.span()=> <#ty as ::mgmt_stdlib::param::ParamType>::host_type() };
        if let Some(func) = func {
            host_type = quote! { #host_type.with_func(#func) };
        }
        quote! {
            ::mgmt_stdlib::resource::ParamDef {
                name: #name,
                dump_name: #dump_name,
                doc: #doc,
                ty: #host_type,
                secret: <#ty as ::mgmt_stdlib::param::ParamType>::SECRET,
            }
        }
    });
    let sends = resource.sends.iter().map(|send| {
        let crate::attributes::Send { doc, name, ty } = send;
        let host_type =
            quote_spanned! {ty.span()=> <#ty as ::mgmt_stdlib::param::ParamType>::host_type() };
        quote! {
            ::mgmt_stdlib::resource::SendDef { name: #name, doc: #doc, ty: #host_type }
        }
    });
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::mgmt_stdlib::resource::Declare for #name #ty_generics #where_clause {
            fn declare() -> ::mgmt_stdlib::resource::ResourceDef {
                ::mgmt_stdlib::resource::ResourceDef {
                    kind: #kind,
                    doc: #doc,
                    params: ::std::vec![#(#params),*],
                    sends: ::std::vec![#(#sends),*],
                    traits: ::mgmt_stdlib::resource::Traits {
                        #(#traits: true,)*
                        ..::core::default::Default::default()
                    },
                    inside: #inside,
                    new: || ::std::boxed::Box::new(<Self as ::core::default::Default>::default()),
                }
            }
        }
    })
}
