//! Resources that one statement declares twice: which includes or which loop repeat it.

use mgmt_grammar::span::Span;

use crate::diagnostic::Diagnostic;
use crate::hir::{ClassId, Hir, IncludeId, Stmt};

/// No more includes are shown.
const MAX_INCLUDES: usize = 4;

/// What encloses a statement and may repeat it.
#[derive(Clone, Copy)]
enum Around {
    Loop(Span),
    Class(ClassId),
}

/// Adds to a complaint about a resource that is declared again by its own statement what repeats it.
pub fn tell(mut diagnostic: Diagnostic, hir: &Hir) -> Diagnostic {
    let Some(primary) = &diagnostic.primary else {
        return diagnostic;
    };
    let span = primary.span;
    let mut around = find(
        hir,
        &|stmt| matches!(stmt, Stmt::Resource(resource) if resource.kind_span == span),
    );
    while let Some(found) = around {
        let class = match found {
            Around::Loop(head) => {
                return diagnostic
                    .label(head, "this loop declares it in each of its passes")
                    .help("make the name differ from pass to pass, as in `\"name-${value}\"`");
            }
            Around::Class(class) => class,
        };
        let includes: Vec<IncludeId> = (0..hir.includes.len())
            .map(|i| IncludeId(i as u32))
            .filter(|include| {
                let target = hir[*include].class.as_ref();
                target.is_some_and(|target| target.target == class)
            })
            .collect();
        for include in includes.iter().take(MAX_INCLUDES) {
            diagnostic = diagnostic.label(hir[*include].span, "included here");
        }
        let [only] = includes[..] else {
            return diagnostic.help(
                "each include declares the resources of its class: make what differs a part of their names, as in `\"name-${param}\"`",
            );
        };
        // What repeats the include repeats the resource.
        around = find(
            hir,
            &|stmt| matches!(stmt, Stmt::Include(id) if *id == only),
        );
    }
    diagnostic
}

/// The innermost loop or class around a statement.
fn find(hir: &Hir, is_it: &dyn Fn(&Stmt) -> bool) -> Option<Around> {
    let classes = hir.classes.iter().enumerate();
    classes
        .map(|(i, class)| (Some(Around::Class(ClassId(i as u32))), &class.body))
        .chain([(None, &hir.main)])
        .find_map(|(around, stmts)| find_in(stmts, around, is_it))
        .flatten()
}

/// Whether the statement is among these, and if so what is the innermost around it.
fn find_in(
    stmts: &[Stmt],
    around: Option<Around>,
    is_it: &dyn Fn(&Stmt) -> bool,
) -> Option<Option<Around>> {
    stmts.iter().find_map(|stmt| match stmt {
        stmt if is_it(stmt) => Some(around),
        Stmt::If(stmt) => find_in(&stmt.then.stmts, around, is_it).or_else(|| {
            let otherwise = stmt.otherwise.as_ref()?;
            find_in(&otherwise.stmts, around, is_it)
        }),
        Stmt::For(stmt) => find_in(&stmt.body.stmts, Some(Around::Loop(stmt.span)), is_it),
        _ => None,
    })
}
