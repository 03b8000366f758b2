//! Definitions in words: what hover, completion and signature help show.

use mgmt_compiler::constant::constant;
use mgmt_compiler::hir::{ClassId, FuncId, LambdaId, Var};
use mgmt_compiler::resolve::{Alias, AliasDef, Module};
use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::{FunctionDef, Purity, Signature};
use mgmt_stdlib::param::HostType;
use mgmt_stdlib::resource::{MetaParam, ParamDef, ResourceDef};
use mgmt_stdlib::types::Type;

use super::{View, syntax};

/// How any number of further arguments is written.
const REST: &str = "...";

/// A call as it is declared: `name(a int, b str) bool`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The whole.
    pub label: String,
    /// The parts of the label that are parameters.
    pub params: Vec<std::ops::Range<usize>>,
}

impl Call {
    /// Writes a declaration out.
    pub fn new(
        name: &str,
        params: impl IntoIterator<Item = String>,
        variadic: bool,
        result: Option<&str>,
    ) -> Self {
        let mut label = format!("{name}(");
        let mut places = Vec::new();
        for (i, param) in params.into_iter().enumerate() {
            if i > 0 {
                label.push_str(", ");
            }
            let start = label.len();
            label.push_str(&param);
            places.push(start..label.len());
        }
        if variadic {
            if !places.is_empty() {
                label.push_str(", ");
            }
            places.push(label.len()..label.len() + REST.len());
            label.push_str(REST);
        }
        label.push(')');
        if let Some(result) = result {
            label.push(' ');
            label.push_str(result);
        }
        Self {
            label,
            params: places,
        }
    }

    /// The parameter that an argument is for, from 0; nothing if there are too many.
    pub fn param_of(&self, argument: usize) -> Option<usize> {
        let last = self.params.len().checked_sub(1)?;
        let is_rest = self.label.get(self.params[last].clone()) == Some(REST);
        (argument <= last || is_rest).then(|| argument.min(last))
    }

    /// A function of the library.
    pub fn library(name: &str, signature: &Signature) -> Self {
        let params = signature.ty.args.iter().map(|(name, ty)| named(name, ty));
        let result = signature.ty.result.to_string();
        Self::new(name, params, signature.variadic, Some(&result))
    }
}

fn named(name: &str, ty: &Type) -> String {
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        ty.to_string()
    } else {
        format!("{name} {ty}")
    }
}

/// Code in Markdown.
pub fn code(text: &str) -> String {
    format!("```mcl\n{text}\n```")
}

/// A function of the library, in Markdown.
pub fn show_function(function: &FunctionDef) -> String {
    let name = function.full_name();
    let calls: Vec<String> = function
        .signatures
        .iter()
        .map(|signature| Call::library(&name, signature).label)
        .collect();
    let mut text = code(&calls.join("\n"));
    text.push_str("\n\n");
    text.push_str(function.doc);
    let purity = match function.purity {
        Purity::Pure | Purity::Graph | Purity::Effect => "",
        Purity::Snapshot => "\n\nLooks at the machine once.",
        Purity::Source => "\n\nFollows the machine: its result changes by events.",
    };
    text.push_str(purity);
    if !function.catchable.is_empty() {
        text.push_str("\n\n`<|>` catches:\n");
        for error in function.catchable {
            text.push_str(&format!("\n- {error}"));
        }
    }
    if let Some(example) = function.examples.first() {
        text.push_str(&format!(
            "\n\nExample: `{}` is `{}`",
            example.expr, example.value
        ));
    }
    text
}

impl View {
    /// A variable or parameter of the program, in Markdown.
    pub fn show_var(&self, var: Var) -> Option<String> {
        let hir = self.hir()?;
        let (name, span, role) = match var {
            Var::Bind(bind) => (&hir[bind].name, hir[bind].span, None),
            Var::Param(param) => {
                let role = match hir[param].role {
                    mgmt_compiler::hir::ParamRole::Function => "parameter",
                    mgmt_compiler::hir::ParamRole::Class(..) => "parameter of a class",
                    mgmt_compiler::hir::ParamRole::Loop => "loop variable",
                };
                (&hir[param].name, hir[param].span, Some(role))
            }
        };
        let ty = self
            .var_type(var)
            .map(|ty| format!(" {ty}"))
            .unwrap_or_default();
        let mut text = code(&format!("${name}{ty}"));
        if let Var::Bind(bind) = var
            && let Some(value) = constant(hir, hir[bind].value)
        {
            text.push_str(&format!("\n\nValue: `{}`", shorten(&value.to_string())));
        }
        if let Some(role) = role {
            text.push_str(&format!("\n\n{role}"));
        }
        self.add_comment(&mut text, span);
        Some(text)
    }

    /// The type of a variable: inferred, or else as it is annotated.
    pub fn var_type(&self, var: Var) -> Option<Type> {
        let hir = self.hir()?;
        let annotated = || match var {
            Var::Bind(bind) => Some(hir[bind].ty.as_ref()?.0.clone()),
            Var::Param(param) => Some(hir[param].ty.as_ref()?.0.clone()),
        };
        self.types()
            .and_then(|types| types.var(var))
            .or_else(annotated)
    }

    /// A function statement as a call.
    pub fn func_call(&self, func: FuncId) -> Option<Call> {
        let hir = self.hir()?;
        let ty = self.types().and_then(|types| types.func(func));
        self.lambda_call(&hir[func].name, hir[func].lambda, ty.as_ref())
    }

    fn lambda_call(&self, name: &str, lambda: LambdaId, ty: Option<&Type>) -> Option<Call> {
        let hir = self.hir()?;
        let known = match ty {
            Some(Type::Func(ty)) => Some(ty),
            _ => None,
        };
        let params = hir[lambda].params.iter().enumerate().map(|(i, param)| {
            let param = &hir[*param];
            let annotated = param.ty.as_ref().map(|(ty, _)| ty);
            let ty = known.and_then(|ty| Some(&ty.args.get(i)?.1)).or(annotated);
            match ty {
                Some(ty) => format!("${} {ty}", param.name),
                None => format!("${}", param.name),
            }
        });
        let result = known.map(|ty| ty.result.to_string());
        Some(Call::new(name, params, false, result.as_deref()))
    }

    /// A function statement, in Markdown.
    pub fn show_func(&self, func: FuncId) -> Option<String> {
        let mut text = code(&format!("func {}", self.func_call(func)?.label));
        self.add_comment(&mut text, self.hir()?[func].span);
        Some(text)
    }

    /// A class as it is included.
    pub fn class_call(&self, class: ClassId) -> Option<Call> {
        let hir = self.hir()?;
        let params = hir[class].params.iter().map(|param| {
            let ty = self.var_type(Var::Param(*param));
            let ty = ty.map(|ty| format!(" {ty}")).unwrap_or_default();
            format!("${}{ty}", hir[*param].name)
        });
        Some(Call::new(&hir[class].name, params, false, None))
    }

    /// A class, in Markdown.
    pub fn show_class(&self, class: ClassId) -> Option<String> {
        let label = self.class_call(class)?.label;
        let label = label.strip_suffix("()").unwrap_or(&label);
        let mut text = code(&format!("class {label}"));
        self.add_comment(&mut text, self.hir()?[class].span);
        Some(text)
    }

    /// An import or alias, in Markdown.
    pub fn show_alias(&self, alias: &AliasDef) -> Option<String> {
        let mut text = code(self.text_of(alias.span));
        match &alias.alias {
            Alias::Module(module @ (Module::Package(package) | Module::Written(package, _))) => {
                let names = self.names_of_package(package, module);
                text.push_str(&format!(
                    "\n\nThe package `{package}`: {}",
                    shorten(&names.join(", "))
                ));
            }
            Alias::Module(Module::File(_)) => {
                let source = self.imported_file(alias)?;
                let source = self.analysis.insight.sources.get(source)?;
                text.push_str(&format!("\n\n{}", source.name));
                if let Some(comment) = syntax_header(&source.text) {
                    text.push_str(&format!("\n\n{comment}"));
                }
            }
            Alias::Module(Module::Broken) => text.push_str("\n\nNot found."),
            Alias::Include(_) => {
                let class = self.included_class(alias)?;
                text.push_str(&format!(
                    "\n\nAn instance of:\n\n{}",
                    self.show_class(class)?
                ));
            }
        }
        Some(text)
    }

    /// The functions of a package, and the classes that it has in mcl.
    fn names_of_package(&self, package: &str, module: &Module) -> Vec<String> {
        let native = self.catalog().package(package);
        let mut names: Vec<String> = native.map(|it| it.name.to_owned()).collect();
        if let (Module::Written(_, scopes), Some(facts)) = (module, self.facts()) {
            for scope in scopes.iter().filter_map(|scope| facts.scope(*scope)) {
                names.extend(scope.funcs.keys().map(ToString::to_string));
                names.extend(scope.classes.keys().map(ToString::to_string));
            }
        }
        names.sort();
        names.dedup();
        names
    }

    fn add_comment(&self, text: &mut String, definition: Span) {
        if let Some(comment) = self.comment_on(definition) {
            text.push_str(&format!("\n\n{comment}"));
        }
    }

    /// What the comment above a definition says.
    pub fn comment_on(&self, definition: Span) -> Option<String> {
        let source = self.analysis.insight.sources.get(definition.source)?;
        syntax::comment_above(&source.text, definition.start)
    }
}

/// The comment that a file begins with.
fn syntax_header(text: &str) -> Option<String> {
    let lines: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix('#'))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// A resource kind, in Markdown.
pub fn show_kind(kind: &ResourceDef) -> String {
    let mut text = format!("{}\n\n{}", code(kind.kind), kind.doc);
    let able = [
        (kind.traits.refreshable, "reacts to notifications"),
        (kind.traits.receives, "receives"),
        (kind.traits.edgeable, "has automatic edges"),
        (kind.traits.groupable, "can be grouped"),
        (kind.traits.reversible, "can be undone"),
    ];
    let able: Vec<&str> = able
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, what)| *what)
        .collect();
    if !able.is_empty() {
        text.push_str(&format!("\n\nIt {}.", able.join(", ")));
    }
    if !kind.sends.is_empty() {
        text.push_str("\n\nIt sends:\n");
        for sent in &kind.sends {
            text.push_str(&format!(
                "\n- `{}` {}: {}",
                sent.name,
                type_text(&sent.ty),
                sent.doc
            ));
        }
    }
    text
}

/// A parameter of a kind, in Markdown.
pub fn show_param(kind: &ResourceDef, param: &ParamDef) -> String {
    let mut text = code(&format!("{} {}", param.name, type_text(&param.ty)));
    let default = (kind.new)().get(param.name);
    match default {
        Some(value) => text.push_str(&format!("\n\nDefault: `{value}`")),
        None => text.push_str("\n\nUndefined if it is left out."),
    }
    text.push_str(&format!("\n\n{}", param.doc));
    text
}

/// A meta parameter, in Markdown.
pub fn show_meta(meta: &MetaParam) -> String {
    let head = code(&format!("Meta:{} {}", meta.name, meta.ty));
    format!("{head}\n\nDefault: `{}`\n\n{}", meta.default, meta.doc)
}

/// The type of a parameter as a program sees it.
pub fn type_text(ty: &HostType) -> String {
    ty.mcl()
        .map_or_else(|| "any".to_owned(), |ty| ty.to_string())
}

fn shorten(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
