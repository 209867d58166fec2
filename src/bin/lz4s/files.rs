//! Which file a command writes for an input, by the options.

use std::fs;
use std::path::{Path, PathBuf};

use crate::args::{Files, Inputs, Outputs};
use crate::failure::{Failure, Result, at, failure};
use crate::input::Input;

/// The extension of compressed files.
pub const EXTENSION: &str = "lz4s";

impl Inputs {
    /// The files to read, or stdin.
    pub fn get(&self) -> Vec<PathBuf> {
        match &self.paths[..] {
            [] => vec!["-".into()],
            paths => paths.to_vec(),
        }
    }

    /// Checks the options that work with one input only, such as --sizes, and whether they are there.
    pub fn check(&self, options: &[(&str, bool)]) -> Result<()> {
        match options.iter().find(|(_, is_there)| *is_there) {
            Some((option, _)) if self.paths.len() > 1 => Err(Failure::Usage(format!("{option} takes one input"))),
            _ => Ok(()),
        }
    }
}

impl Outputs {
    /// Checks the options that work with one input only.
    pub fn check(&self, options: &[(&str, bool)]) -> Result<()> {
        if self.inputs.paths.len() > 1 && self.output.is_some() {
            let problem = "--output takes one input; without it, every input gets an output beside it";
            return Err(Failure::Usage(problem.into()));
        }
        self.inputs.check(options)
    }
}

/// The path to write for `input`, and whether it is made from the input's `name`.
pub fn target(
    input: &Input,
    files: &Outputs,
    name: impl Fn(&Path) -> Result<PathBuf, String>,
) -> Result<(PathBuf, bool)> {
    Ok(match (&files.output, &input.path) {
        (Some(output), _) => (output.clone(), false),
        (None, Some(path)) if !files.stdout => {
            let name = name(path).map_err(|problem| failure(&input.name, problem))?;
            (name, true)
        }
        (None, _) => ("-".into(), false),
    })
}

/// Removes an input whose output is complete and in a file, if that was asked for.
pub fn remove(input: &Input, files: &Files, is_in_file: bool) -> Result<()> {
    match &input.path {
        Some(path) if files.rm && is_in_file => fs::remove_file(path).map_err(at(&input.name)),
        _ => Ok(()),
    }
}
