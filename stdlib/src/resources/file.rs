//! `file`: a file, a directory, a symbolic link or a copied tree (resources-host.md §2).

use crate::mode::Mode;
use crate::paths;
use crate::resource::{AutoEdges, Invalid, Meta, Params, Subject, Validate};
use crate::value::Str;

/// Manages a file, a directory, a symbolic link, or a directory tree that is copied from another one.
///
/// The name is the path, unless `path` is given. A path that ends in a slash means a directory.
///
/// ```mcl
/// file "/etc/motd" {
///     state => $const.res.file.state.exists,
///     content => "welcome\n",
///     owner => "root",
///     mode => "u=rw,go=r",
/// }
/// file "/srv/www/" {
///     state => "exists",
///     source => "/opt/site/",
///     recurse => true,
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(
    kind = "file",
    receives,
    edgeable,
    auto_edges = File::edges,
    reversible,
    compare = File::differs_in_path_or_content
)]
pub struct File {
    /// The path; the name of the resource if it is left out.
    #[param(skip_compare)]
    pub path: String,
    /// Another directory for the last part of the path; ends in a slash.
    #[param(skip_compare)]
    pub dirname: String,
    /// Another last part of the path; with a trailing slash, it means a directory.
    #[param(skip_compare)]
    pub basename: String,
    /// `exists` or `absent`; if it is left out, the object is neither created nor removed.
    pub state: String,
    /// What the file holds, exactly; if it is left out, the content is not managed.
    #[param(skip_compare)]
    pub content: Option<Str>,
    /// The file, or with a trailing slash the directory, to copy from; for a symbolic link, its text.
    pub source: String,
    /// Files that make up the content, one after the other; a directory stands for the files in it.
    pub fragments: Vec<String>,
    /// Who owns it, by name or number; not managed if it is left out.
    pub owner: String,
    /// Its group, by name or number; not managed if it is left out.
    pub group: String,
    /// Its mode, octal like `0644` or symbolic like `u=rw,go=r`; not managed if it is left out.
    pub mode: String,
    /// Include everything below a directory: when watching, removing, copying and purging; and create
    /// missing parent directories.
    pub recurse: bool,
    /// Permit replacing an object of another type, such as a directory by a file.
    pub force: bool,
    /// Remove what is in the directory and neither in the source nor managed by another resource.
    pub purge: bool,
    /// The object is a symbolic link to `source`.
    pub symlink: bool,
    /// Its SELinux context, or empty for none; not managed if it is left out.
    pub selinux: Option<String>,
}

/// What a `file` shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Created if it is not there.
    Exists,
    /// Removed if it is there.
    Absent,
    /// Left as it is.
    Undefined,
}

impl File {
    /// The path that is managed (§2.1).
    pub fn resultant_path(&self, name: &str) -> String {
        let path = if self.path.is_empty() {
            name
        } else {
            &self.path
        };
        match (self.dirname.is_empty(), self.basename.is_empty()) {
            (true, true) => path.to_owned(),
            (true, false) => paths::directory_part(path) + &self.basename,
            (false, true) => self.dirname.clone() + &paths::last_component(path),
            (false, false) => self.dirname.clone() + &self.basename,
        }
    }

    /// What the object shall be. [`Validate`] refuses other texts.
    pub fn wanted_state(&self) -> State {
        match self.state.as_str() {
            "exists" => State::Exists,
            "absent" => State::Absent,
            _ => State::Undefined,
        }
    }

    /// The path and the content, whose differences are no matter of one field alone (§2.9).
    fn differs_in_path_or_content(&self, other: &Self) -> Option<String> {
        let path = |file: &Self| paths::clean_keeping_slash(&file.resultant_path(""));
        // Without a path the name counts, which is not known here but is equal on both sides.
        let named = self.path.is_empty() || other.path.is_empty();
        let parts = |file: &Self| {
            (
                file.path.clone(),
                file.dirname.clone(),
                file.basename.clone(),
            )
        };
        if parts(self) != parts(other) && (named || path(self) != path(other)) {
            return Some("the Path differs".to_owned());
        }
        match (&self.content, &other.content) {
            (None, None) => None,
            (Some(ours), Some(theirs)) if ours == theirs => None,
            (Some(_), Some(_)) => Some("the contents of Content differ".to_owned()),
            _ => Some("the Content differs".to_owned()),
        }
    }

    /// What it provides, and what it wants to run after (engine.md §4.1, resources-host.md §1.14).
    fn edges(&self, name: &str) -> AutoEdges {
        let path = self.resultant_path(name);
        // The text of a link is data.
        let source = (!self.source.is_empty() && !self.symlink).then_some(&self.source);
        let inputs = self.fragments.iter().chain(source);
        let owner = (!self.owner.is_empty()).then(|| Subject::owner(&self.owner));
        let group = (!self.group.is_empty()).then(|| Subject::owning_group(&self.group));
        let mut edges = AutoEdges::default().provides(Subject::file(path.as_str()));
        let directory = path.rfind('/').map_or("", |slash| &path[..=slash]);
        if directory.ends_with(".d/") && directory != path {
            edges = edges.provides(Subject::drop_in(directory));
        }
        edges
            .after_each(inputs.map(Subject::file))
            .after_each(owner)
            .after_each(group)
            .after_directory_of(path)
    }
}

impl Validate for File {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        let path = self.resultant_path(name);
        self.validate_path(&path)?;
        self.validate_state()?;
        self.validate_source(&path)?;
        self.validate_fragments(&path)?;
        self.validate_rest()
    }

    fn validate_run(&self, name: &str, _meta: &Meta) -> Result<(), Invalid> {
        let path = self.resultant_path(name);
        if self.purge && !path.ends_with('/') {
            return Err(Invalid::param(
                "purge",
                format!("needs a directory: `{path}` does not end in `/`"),
            )
            .help(format!("write `{path}/`")));
        }
        if !self.symlink && !self.source.is_empty() && !self.source.starts_with('/') {
            return Err(Invalid::param(
                "source",
                format!(
                    "must be absolute: `{}` does not begin with `/`",
                    self.source
                ),
            ));
        }
        Ok(())
    }
}

impl File {
    fn validate_path(&self, path: &str) -> Result<(), Invalid> {
        if path.is_empty() {
            return Err(Invalid::param("path", "must not be empty"));
        }
        if !self.dirname.is_empty() && !self.dirname.ends_with('/') {
            return Err(Invalid::param("dirname", "must end in `/`")
                .help(format!("write `{}/`", self.dirname)));
        }
        if self.basename.starts_with('/') {
            return Err(Invalid::param("basename", "must not begin with `/`")
                .help("use `dirname` for another directory"));
        }
        if !path.starts_with('/') {
            return Err(Invalid::param(
                "path",
                format!("must be absolute: `{path}` does not begin with `/`"),
            ));
        }
        let named = [("path", path), ("source", self.source.as_str())];
        let fragments = self
            .fragments
            .iter()
            .map(|path| ("fragments", path.as_str()));
        for (param, text) in named.into_iter().chain(fragments) {
            if text.contains('\0') {
                return Err(Invalid::param(param, "contains a NUL byte"));
            }
        }
        Ok(())
    }

    fn validate_state(&self) -> Result<(), Invalid> {
        if !matches!(self.state.as_str(), "" | "exists" | "absent") {
            return Err(Invalid::param(
                "state",
                format!("must be `exists` or `absent`, not `{}`", self.state),
            ));
        }
        let contents = [
            ("content", self.content.is_some()),
            ("source", !self.source.is_empty()),
            ("fragments", !self.fragments.is_empty()),
        ];
        let given: Vec<&str> = contents
            .into_iter()
            .filter_map(|(param, given)| given.then_some(param))
            .collect();
        if let [first, second, ..] = given[..] {
            return Err(Invalid::resource(format!(
                "`{first}` and `{second}` exclude each other: the content has one origin"
            )));
        }
        let state = self.wanted_state();
        if self.symlink && self.source.is_empty() && state == State::Exists {
            return Err(Invalid::param("symlink", "needs a `source` to point to"));
        }
        if state == State::Absent {
            if let [param, ..] = given[..] {
                return Err(Invalid::resource(format!(
                    "`{param}` can not be given for a file that is to be `absent`"
                )));
            }
            if self.selinux.is_some() {
                return Err(Invalid::param(
                    "selinux",
                    "can not be given for a file that is to be `absent`",
                ));
            }
        }
        Ok(())
    }

    fn validate_source(&self, path: &str) -> Result<(), Invalid> {
        let is_dir = path.ends_with('/');
        let from_dir = self.source.ends_with('/');
        let copies = !self.source.is_empty() && !self.symlink;
        if copies && is_dir != from_dir {
            let (dir, file) = if is_dir {
                (path, &*self.source)
            } else {
                (&*self.source, path)
            };
            return Err(Invalid::param(
                "source",
                format!(
                    "and the path must both be directories or both be files: `{dir}` ends in `/`, `{file}` does not"
                ),
            ));
        }
        if is_dir {
            let not_for_directories = [
                ("content", self.content.is_some()),
                ("fragments", !self.fragments.is_empty()),
                ("symlink", self.symlink),
            ];
            for (param, given) in not_for_directories {
                if given {
                    return Err(Invalid::param(
                        param,
                        format!("can not be given for a directory: `{path}` ends in `/`"),
                    )
                    .help("leave the slash at the end of the path out"));
                }
            }
        }
        if copies && from_dir && is_dir && !self.recurse {
            return Err(
                Invalid::param("source", "is a directory, which needs `recurse`")
                    .help("add `recurse => true`"),
            );
        }
        if self.purge && !self.recurse {
            return Err(Invalid::param("purge", "needs `recurse`").help("add `recurse => true`"));
        }
        if self.recurse && copies && !is_dir {
            return Err(Invalid::param(
                "recurse",
                "can not be given where one file is copied to another",
            )
            .help("directories end in `/`, in `source` and in the path"));
        }
        Ok(())
    }

    fn validate_fragments(&self, path: &str) -> Result<(), Invalid> {
        for fragment in &self.fragments {
            if !fragment.starts_with('/') {
                return Err(Invalid::param(
                    "fragments",
                    format!("must be absolute: `{fragment}` does not begin with `/`"),
                ));
            }
            if paths::is_within(path, fragment) {
                return Err(Invalid::param(
                    "fragments",
                    format!("would feed the file to itself: `{path}` is part of `{fragment}`"),
                ));
            }
        }
        Ok(())
    }

    fn validate_rest(&self) -> Result<(), Invalid> {
        let composed = [
            ("content", self.content.is_some()),
            ("fragments", !self.fragments.is_empty()),
        ]
        .into_iter()
        .find_map(|(param, given)| given.then_some(param));
        if self.purge
            && let Some(param) = composed
        {
            return Err(Invalid::param(
                "purge",
                format!("can not be given together with `{param}`"),
            ));
        }
        if !self.mode.is_empty()
            && let Err(error) = Mode::parse(&self.mode)
        {
            return Err(Invalid::param("mode", error.to_string()));
        }
        if self.symlink {
            let tree = [("recurse", self.recurse), ("purge", self.purge)]
                .into_iter()
                .find_map(|(param, given)| given.then_some(param));
            if let Some(param) = composed.or(tree) {
                return Err(Invalid::param(
                    "symlink",
                    format!("can not be given together with `{param}`"),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
