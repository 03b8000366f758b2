//! Calls whose result has the type that an argument writes down: `encoding.decode_json` (functions.md §7.3).

use ecow::EcoString;
use mgmt_stdlib::types::Type;

use super::Infer;
use super::table::{TyId, Vars};
use crate::diagnostic::{Code, Diagnostic, Stage};
use crate::hir::ExprId;

impl Infer<'_> {
    /// Makes `result` the type that the second argument says, if that is known before the program runs.
    /// Otherwise the context must decide, and the text is compared while it runs.
    pub(super) fn type_text(&mut self, name: &EcoString, args: &[ExprId], result: TyId) {
        let [_, text] = args else {
            return;
        };
        let value = self.static_value(*text);
        let Some(written) = value.as_ref().and_then(|value| value.as_str()) else {
            return;
        };
        let problem = match Type::parse(&written.to_string_lossy()) {
            Ok(ty) => match not_data(&ty) {
                None => {
                    let level = self.level;
                    let ty = self.table.import(&ty, &mut Vars::new(), level);
                    // The result is still open here: what it is used for is looked at later.
                    if self.table.unify(result, ty).is_ok() {
                        return;
                    }
                    "it contradicts the arguments".to_owned()
                }
                Some(part) => format!("nothing can be decoded as `{part}`"),
            },
            Err(error) => error.to_string(),
        };
        let span = self.hir[*text].span;
        self.diagnostics.push(
            Diagnostic::error(
                Code::TYPE_TEXT,
                Stage::Unify,
                format!("the second argument of `{name}` is not a type of data"),
            )
            .at(self.anchor(span, span), problem)
            .help("write a type, such as \"map{str: int}\" or \"struct{host str; port int}\""),
        );
    }
}

/// The part of a type that no text can be decoded as.
fn not_data(ty: &Type) -> Option<&Type> {
    match ty {
        Type::Bool | Type::Str | Type::Int | Type::Float => None,
        Type::List(element) => not_data(element),
        Type::Map(entry) if entry.0 == Type::Str => not_data(&entry.1),
        Type::Struct(fields) => fields.iter().find_map(|(_, ty)| not_data(ty)),
        Type::Map(_) | Type::Func(_) | Type::Variant | Type::Var(_) => Some(ty),
    }
}
