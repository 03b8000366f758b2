//! Tells Zed how to start mgmt-lsp.

use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree};

struct Mgmt;

impl zed::Extension for Mgmt {
    fn new() -> Self {
        Self
    }

    fn language_server_command(
        &mut self,
        _server: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Command> {
        let command = worktree
            .which("mgmt-lsp")
            .ok_or("mgmt-lsp is not on the PATH; `make install` in the mgmt tree puts it there")?;
        Ok(Command {
            command,
            args: Vec::new(),
            env: worktree.shell_env(),
        })
    }
}

zed::register_extension!(Mgmt);
