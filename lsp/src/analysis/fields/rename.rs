//! Other names for fields. A field has no definition that says who else speaks of it, so that whatever is not certain
//! is refused.

use std::path::Path;

use mgmt_grammar::span::Span;

use super::super::rename::{Edits, check, validate_name};
use super::super::view::range;
use super::super::{Range, TextEdit, View, library};
use super::field_at;
use super::places::{self, Opened, Places};

/// The field at an offset, if it can be renamed: its place and its name.
///
/// # Errors
/// Why it can not.
pub fn prepare(view: &View, offset: u32) -> Result<(Range, String), String> {
    let field = field_at(view, offset).ok_or("there is no name here")?;
    let name = field.name.text.to_string();
    let places = places::here(view, offset)
        .ok_or_else(|| format!("it is not known which struct has this field `{name}`"))?;
    certain(view, &places, &name)?;
    Ok((range(field.name.span), name))
}

/// The edits that give the field at an offset another name, in all programs that know its structs.
///
/// # Errors
/// Why it can not have that name.
pub fn rename(view: &View, offset: u32, new: &str) -> Result<Edits, String> {
    let (_, old) = prepare(view, offset)?;
    validate_name(new)?;
    let open = |path: &Path, root: &Path, _, _| -> Opened { Ok(view.world.view_in(path, root)) };
    let programs = places::programs(view, offset, &open).unwrap_or_default();
    let mut edits = Edits::new();
    let mut views = Vec::new();
    for program in &programs {
        for places in program.meant() {
            certain(&program.view, places, &old)?;
            if new != old && places.group.taken.contains(new) {
                return Err(format!(
                    "`{new}` is a field of these structs already, or would be read as one"
                ));
            }
            for (span, _) in &places.places {
                let Some(location) = program.view.location(*span) else {
                    continue;
                };
                let edit = TextEdit {
                    range: location.range,
                    text: new.to_owned(),
                };
                let known = edits.entry(location.path).or_default();
                if !known.contains(&edit) {
                    known.push(edit);
                }
            }
        }
        if let Some(error) = program
            .view
            .analysis
            .insight
            .diagnostics()
            .iter()
            .find(|it| it.is_error())
        {
            let place = error.primary.as_ref().map_or_else(String::new, |label| {
                format!(", in line {}", line(&program.view, label.span))
            });
            return Err(format!(
                "while something is wrong, it is not certain which structs have this field: {}{place}",
                error.message
            ));
        }
        views.push(program.view.clone());
    }
    for edits in edits.values_mut() {
        edits.sort_by_key(|edit| edit.range.start);
    }
    check(view, &edits, &views, new)?;
    Ok(edits)
}

/// Whether a field may have another name without anybody outside of the program's texts noticing.
fn certain(view: &View, places: &Places, name: &str) -> Result<(), String> {
    if places.group.is_of_library {
        return Err(format!(
            "a struct of the library has to have the field `{name}` too"
        ));
    }
    if let Some(span) = places.group.inspected {
        return Err(format!(
            "the library may look at the name: the struct is given to it, or comes from it, in line {}",
            line(view, span)
        ));
    }
    let in_library = places.places.iter().any(|(span, _)| {
        let location = view.location(*span);
        location.is_none_or(|it| library::is_in(&it.path))
    });
    if in_library {
        return Err(format!("`{name}` is defined by the library"));
    }
    Ok(())
}

/// The line of a place, from 1, with its file if that is another one.
fn line(view: &View, span: Span) -> String {
    let Some(source) = view.analysis.insight.sources.get(span.source) else {
        return String::new();
    };
    let line = source.lines().line(span.start) + 1;
    match &source.path {
        Some(path) if path != view.path() => format!("{line} of `{}`", path.display()),
        _ => line.to_string(),
    }
}
