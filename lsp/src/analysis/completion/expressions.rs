//! Variables, functions and the words of expressions.

use mgmt_compiler::hir::{FuncId, Var};
use mgmt_compiler::load::{ImportKind, ImportName};
use mgmt_compiler::resolve::{Alias, Module, is_operator};
use mgmt_grammar::ast::{ExprKind, StmtKind};
use mgmt_stdlib::catalog::FunctionDef;
use mgmt_stdlib::types::Type;

use super::cursor::Cursor;
use super::{Item, ItemKind, fits};
use crate::analysis::present::Call;
use crate::analysis::scope::{Members, Visible};
use crate::analysis::{TextEdit, View, organize, syntax};

/// Functions that need no import are found after so many letters of their name, if the package is not yet
/// imported.
const LETTERS: usize = 2;

/// How a variable is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `$name`.
    Dollar,
    /// `name`, between the braces of a string.
    Bare,
    /// `${name}`.
    Braces,
}

impl Form {
    fn write(self, name: &str) -> String {
        match self {
            Self::Dollar => format!("${name}"),
            Self::Bare => name.to_owned(),
            Self::Braces => format!("${{{name}}}"),
        }
    }
}

/// All that an expression can begin with.
pub fn all(cursor: &Cursor<'_>, expected: Option<&Type>, items: &mut Vec<Item>) {
    if cursor.word.is_empty() || !cursor.word.contains('.') {
        words(cursor, expected, items);
        variables(cursor, Form::Dollar, expected, items);
    }
    functions(cursor, expected, items);
}

fn words(cursor: &Cursor<'_>, expected: Option<&Type>, items: &mut Vec<Item>) {
    let boolean = matches!(expected, Some(Type::Bool));
    for word in ["true", "false"] {
        let rank = if boolean { 1 } else { 6 };
        items.push(
            Item::new(cursor, ItemKind::Value, word)
                .detail("bool")
                .rank(rank),
        );
    }
    // A function that is wanted has as many arguments.
    let (func, func_rank) = match expected {
        Some(Type::Func(ty)) => {
            let names: Vec<String> = (0..ty.args.len())
                .map(|i| format!("${{{}:\\$arg{}}}", i + 1, i + 1))
                .collect();
            (format!("func({}) {{ $0 }}", names.join(", ")), 1)
        }
        _ => ("func(${1:\\$x}) { $0 }".to_owned(), 7),
    };
    let snippets = [
        (
            "if",
            "if  {  } else {  }",
            "if ${1:condition} { ${2:a} } else { ${3:b} }",
            7,
        ),
        ("not", "not ", "not $0", 7),
        ("func", "func() {  }", &*func, func_rank),
        ("struct", "struct{}", "struct{${1:field} => $0}", 7),
    ];
    for (word, plain, snippet, rank) in snippets {
        items.push(
            Item::new(cursor, ItemKind::Keyword, word)
                .snippet(plain, snippet)
                .rank(rank),
        );
    }
}

/// Of variables that fit alike, those of other modules and of includes come behind the program's own,
const BEHIND_ALIASES: usize = 900;
/// and those of the library last.
const OF_LIBRARY: usize = 950;

/// Variables, those of the wanted type first.
pub fn variables(cursor: &Cursor<'_>, form: Form, expected: Option<&Type>, items: &mut Vec<Item>) {
    let view = cursor.view;
    let visible = view.visible_at(cursor.offset);
    let rank = |ty: Option<&Type>| match (ty, expected) {
        (Some(ty), Some(expected)) if fits(ty, expected) => 1,
        (_, Some(_)) => 6,
        _ => 3,
    };
    let mut add = |name: String, ty: Option<Type>, kind, comment, order: usize| {
        let rank = rank(ty.as_ref());
        let detail = ty.map(|ty| ty.to_string()).unwrap_or_default();
        let item = Item::new(cursor, kind, form.write(&name)).detail(detail);
        items.push(item.comment(comment).rank(rank).order(order));
    };
    let own = being_bound(cursor);
    // The nearest comes first.
    for (i, (name, var)) in visible.vars.iter().enumerate() {
        if own != Some(*var) {
            let comment = comment_on(view, *var);
            add(
                name.to_string(),
                view.var_type(*var),
                ItemKind::Variable,
                comment,
                i.min(BEHIND_ALIASES - 1),
            );
        }
    }
    let hostname = "hostname".to_owned();
    let order = OF_LIBRARY;
    add(hostname, Some(Type::Str), ItemKind::Constant, None, order);
    for (alias, target) in &visible.aliases {
        match view.behind(target) {
            Some(Members::Scope(scope)) => {
                let Some(scope) = view.facts().and_then(|facts| facts.scope(scope)) else {
                    continue;
                };
                for (name, var) in &scope.vars {
                    add(
                        format!("{alias}.{name}"),
                        view.var_type(*var),
                        ItemKind::Variable,
                        comment_on(view, *var),
                        BEHIND_ALIASES,
                    );
                }
            }
            Some(Members::Package(package)) => {
                for variable in view.catalog().package_variables(&package) {
                    add(
                        format!("{alias}.{}", variable.name),
                        Some(variable.ty.clone()),
                        ItemKind::Constant,
                        None,
                        OF_LIBRARY,
                    );
                }
            }
            None => {}
        }
    }
    library_variables(cursor, form, expected, items);
}

fn comment_on(view: &View, var: Var) -> Option<String> {
    match var {
        Var::Bind(bind) => view.comment_on(view.hir()?[bind].span),
        Var::Param(_) => None,
    }
}

/// The variable that is bound to what is being written: it can not be a part of that.
fn being_bound(cursor: &Cursor<'_>) -> Option<Var> {
    let view = cursor.view;
    let (_, stmt) = syntax::stmt_at(view.tree()?, cursor.offset)?;
    let StmtKind::Bind { name, .. } = &stmt.kind else {
        return None;
    };
    let hir = view.hir()?;
    let (bind, _) = hir.binds().find(|(_, bind)| bind.span == name.span)?;
    Some(Var::Bind(bind))
}

/// The constants of the library, one part of their names after the other.
fn library_variables(
    cursor: &Cursor<'_>,
    form: Form,
    expected: Option<&Type>,
    items: &mut Vec<Item>,
) {
    let typed = cursor.word.trim_start_matches('$');
    let known = typed.rfind('.').map_or(0, |dot| dot + 1);
    let prefix = &typed[..known];
    for variable in cursor.view.catalog().package_variables("") {
        let Some(rest) = variable.name.strip_prefix(prefix) else {
            continue;
        };
        match rest.split_once('.') {
            Some((part, _)) => {
                let name = form.write(&format!("{prefix}{part}"));
                let insert = match form {
                    Form::Braces => format!("${{{prefix}{part}."),
                    Form::Dollar | Form::Bare => format!("{name}."),
                };
                items.push(
                    Item::new(cursor, ItemKind::Module, name)
                        .insert(insert)
                        .rank(6),
                );
            }
            None => {
                let item = Item::new(cursor, ItemKind::Constant, form.write(variable.name));
                let item = item.detail(format!("{} = {}", variable.ty, variable.value));
                let right = expected.is_none_or(|wanted| fits(&variable.ty, wanted));
                let item = item.rank(if right { 4 } else { 6 });
                items.push(item.doc(format!("variable  {}", variable.name)));
            }
        }
    }
}

fn functions(cursor: &Cursor<'_>, expected: Option<&Type>, items: &mut Vec<Item>) {
    let view = cursor.view;
    let visible = view.visible_at(cursor.offset);
    let rank = |result: Option<&Type>| match (result, expected) {
        (Some(Type::Var(_)), Some(_)) => 4,
        (Some(result), Some(expected)) if fits(result, expected) => 2,
        (_, Some(_)) => 6,
        _ => 4,
    };
    // What does not begin with the alias that is written already is not meant, and its type not asked for.
    let alias = cursor.word.rsplit_once('.').map(|(alias, _)| alias);
    let alias = alias.filter(|alias| !alias.is_empty());
    for (name, func) in visible.funcs.iter().filter(|_| alias.is_none()) {
        let result = result_of(view, *func);
        let detail = view
            .func_call(*func)
            .map(|call| call.label)
            .unwrap_or_default();
        let item = call(cursor, name, &detail, true).comment(comment_on_func(view, *func));
        items.push(item.rank(rank(result.as_ref())));
    }
    let mut library = |name: String, function: &FunctionDef, extra: Vec<TextEdit>, later: u8| {
        let Some(signature) = function.signatures.first() else {
            return;
        };
        let detail = Call::library(function.name, signature).label;
        let takes = !signature.ty.args.is_empty() || signature.variadic;
        let mut item = call(cursor, &name, &detail, takes);
        item.rank = rank(Some(&signature.ty.result)) + later;
        // Two packages can have one last name.
        if !extra.is_empty() {
            item.detail = format!("{} (import \"{}\")", item.detail, function.package);
        }
        item.extra = extra;
        items.push(item.doc(format!("function {} {}", function.package, function.name)));
    };
    let is_public =
        |function: &FunctionDef| !is_operator(function.name) && !function.name.starts_with('_');
    let unqualified = std::iter::once("").chain(visible.star_packages.iter().map(|it| it.as_str()));
    for package in unqualified {
        for function in view.catalog().package(package).filter(|it| is_public(it)) {
            library(function.name.to_owned(), function, Vec::new(), 0);
        }
    }
    for (alias, target) in &visible.aliases {
        if let Some(Members::Package(package)) = view.behind(target) {
            for function in view.catalog().package(&package).filter(|it| is_public(it)) {
                library(
                    format!("{alias}.{}", function.name),
                    function,
                    Vec::new(),
                    0,
                );
            }
        }
    }
    for package in missing_packages(cursor, &visible) {
        let alias = package.rsplit('/').next().unwrap_or(package);
        let extra: Vec<TextEdit> = organize::add_import(view, package).into_iter().collect();
        for function in view.catalog().package(package).filter(|it| is_public(it)) {
            let name = format!("{alias}.{}", function.name);
            if cursor.word.len() >= LETTERS && name.contains(cursor.word) {
                // Of two packages of one last name the shorter is meant more often.
                let later = if package.contains('/') { 4 } else { 3 };
                library(name, function, extra.clone(), later);
            }
        }
    }
    for (alias, target) in visible
        .aliases
        .iter()
        .filter(|it| alias.is_none_or(|alias| it.0 == alias))
    {
        let Some(Members::Scope(scope)) = view.behind(target) else {
            continue;
        };
        let Some(scope) = view.facts().and_then(|facts| facts.scope(scope)) else {
            continue;
        };
        for (name, func) in &scope.funcs {
            let detail = view
                .func_call(*func)
                .map(|call| call.label)
                .unwrap_or_default();
            let item = call(cursor, &format!("{alias}.{name}"), &detail, true)
                .comment(comment_on_func(view, *func));
            items.push(item.rank(rank(result_of(view, *func).as_ref())));
        }
    }
}

fn comment_on_func(view: &View, func: FuncId) -> Option<String> {
    view.comment_on(view.hir()?[func].span)
}

/// What a function of the program gives.
fn result_of(view: &View, func: FuncId) -> Option<Type> {
    match view.types()?.func(func)? {
        Type::Func(ty) => Some(ty.result.clone()),
        _ => None,
    }
}

/// The packages that are not imported, and whose alias is free.
fn missing_packages(cursor: &Cursor<'_>, visible: &Visible) -> Vec<&'static str> {
    let is_there = |package: &str| {
        let alias = package.rsplit('/').next().unwrap_or(package);
        visible.aliases.iter().any(|(name, target)| {
            name == alias || matches!(target, Alias::Module(Module::Package(it)) if it == package)
        }) || visible.star_packages.iter().any(|it| it == package)
    };
    let packages = cursor.view.catalog().packages();
    packages
        .filter(|package| !is_there(package))
        .filter(|package| matches!(ImportName::parse(package), Ok(name) if name.kind == ImportKind::System))
        .collect()
}

fn call(cursor: &Cursor<'_>, name: &str, detail: &str, takes: bool) -> Item {
    let item = Item::new(cursor, ItemKind::Function, name).detail(detail);
    if cursor.rest_of_line().starts_with('(') {
        return item;
    }
    if takes {
        item.snippet(format!("{name}()"), format!("{name}($0)"))
    } else {
        item.insert(format!("{name}()"))
    }
}

/// The fields of a struct.
pub fn fields(cursor: &Cursor<'_>, ty: &Type, items: &mut Vec<Item>) {
    if let Type::Struct(fields) = ty {
        for (name, ty) in fields.iter() {
            items.push(Item::new(cursor, ItemKind::Field, name.as_str()).detail(ty.to_string()));
        }
    }
}

/// The fields that are not given yet to a struct whose literal begins at `start`.
pub fn new_fields(cursor: &Cursor<'_>, start: u32, ty: &Type, items: &mut Vec<Item>) {
    let Type::Struct(fields) = ty else { return };
    let given = given_fields(cursor, start);
    let has_value = cursor.rest_of_line().trim_start().starts_with("=>");
    for (order, (name, ty)) in fields.iter().enumerate() {
        if given.contains(&name.as_str()) {
            continue;
        }
        let item = Item::new(cursor, ItemKind::Field, name.as_str())
            .detail(ty.to_string())
            .order(order);
        items.push(if has_value {
            item
        } else {
            item.insert(format!("{name} => "))
        });
    }
}

/// The names of the fields that a struct has whose literal begins at `start`, but for the one at the cursor.
pub fn given_fields<'v>(cursor: &Cursor<'v>, start: u32) -> Vec<&'v str> {
    let Some(tree) = cursor.view.tree() else {
        return Vec::new();
    };
    let literal = syntax::exprs(tree)
        .find(|(_, expr)| expr.span.start == start && matches!(expr.kind, ExprKind::Struct(_)));
    match literal.map(|(_, expr)| &expr.kind) {
        Some(ExprKind::Struct(fields)) => fields
            .iter()
            .filter(|(name, _)| !name.span.touches(cursor.offset))
            .map(|(name, _)| name.text.as_str())
            .collect(),
        _ => Vec::new(),
    }
}

/// The types.
pub fn types(cursor: &Cursor<'_>, items: &mut Vec<Item>) {
    for name in ["bool", "str", "int", "float"] {
        items.push(Item::new(cursor, ItemKind::Type, name).rank(1));
    }
    let composed = [
        ("[]", "[]", "[]${1:str}"),
        ("map{}", "map{str: str}", "map{${1:str}: ${2:str}}"),
        ("struct{}", "struct{}", "struct{${1:name} ${2:str}}"),
        ("func()", "func() str", "func(${1:str}) ${2:str}"),
    ];
    for (label, plain, snippet) in composed {
        items.push(
            Item::new(cursor, ItemKind::Type, label)
                .snippet(plain, snippet)
                .rank(2),
        );
    }
}
