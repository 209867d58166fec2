//! `lz4s`: compresses, decompresses and inspects LZ4 linked-block streams on the command line.
//!
//! `main` reads the command line (`args`) and runs a command on each input (`compress`, `decode`). `preset` knows the
//! formats of other programs, and `hint` finds out which settings a stream needs. `index` makes and uses indexes.
//! `input`, `output`, `files`, `standard` and `signals` are about files.

#![forbid(unsafe_code)]

mod args;
mod compress;
mod decode;
mod failure;
mod files;
mod hint;
mod index;
mod input;
mod output;
mod preset;
mod signals;
mod standard;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use crate::args::{Cli, Command};
use crate::compress::Compressor;
use crate::decode::Decoder;
use crate::failure::{Failure, Result, at};
use crate::index::IndexFile;

fn main() -> ExitCode {
    let Cli { command, quiet } = Cli::parse();
    let (name, result) = match &command {
        Command::Compress(args) => ("compress", compress(args, quiet)),
        Command::Decompress(args) => ("decompress", decompress(args, quiet)),
        Command::Test(args) => ("test", test(args, quiet)),
        Command::Info(args) => ("info", info(args, quiet)),
        Command::Index(args) => ("index", index(args, quiet)),
        Command::Completions { shell } => ("completions", completions(*shell)),
        Command::Man { command } => ("man", man(command.as_deref())),
    };
    match result {
        Ok(code) => code,
        Err(Failure::Usage(message)) => {
            let mut cli = Cli::command();
            cli.build();
            let command = cli.find_subcommand_mut(name).expect("the command that was parsed");
            command.error(ErrorKind::ValueValidation, message).exit()
        }
        Err(Failure::Message(message)) => {
            print(&message);
            ExitCode::FAILURE
        }
        // The status that a shell reports for a program killed by SIGPIPE, so that scripts treat both alike; 0 would
        // mean that everything was written.
        Err(Failure::ClosedPipe) => ExitCode::from(141),
    }
}

fn print(message: &str) {
    // Not eprintln, which panics when stderr is closed.
    let _ = writeln!(io::stderr(), "lz4s: {message}");
}

/// Runs `each` for every input, also after one that failed.
fn for_each(inputs: Vec<PathBuf>, mut each: impl FnMut(&Path) -> Result<()>) -> Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for input in inputs {
        match each(&input) {
            Ok(()) => {}
            Err(Failure::Message(message)) => {
                print(&message);
                code = ExitCode::FAILURE;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(code)
}

fn compress(args: &args::Compress, quiet: bool) -> Result<ExitCode> {
    let compressor = Compressor::new(args, quiet)?;
    for_each(args.files.to.inputs.get(), |input| compressor.run(input))
}

fn decompress(args: &args::Decompress, quiet: bool) -> Result<ExitCode> {
    let has_sizes = args.stream.format.sizes.is_some();
    args.files
        .to
        .check(&[("--sizes", has_sizes), ("--index", args.index.is_some())])?;
    let index = args.index.as_deref().map(IndexFile::open).transpose()?;
    let decoder = Decoder::new(&args.stream, quiet)?;
    for_each(args.files.to.inputs.get(), |input| {
        decoder.decompress(args, index.as_ref(), input)
    })
}

fn test(args: &args::Test, quiet: bool) -> Result<ExitCode> {
    args.inputs.check(&[("--sizes", args.stream.format.sizes.is_some())])?;
    let decoder = Decoder::new(&args.stream, quiet)?;
    for_each(args.inputs.get(), |input| decoder.test(input))
}

fn info(args: &args::Info, quiet: bool) -> Result<ExitCode> {
    args.inputs.check(&[("--sizes", args.stream.format.sizes.is_some())])?;
    let decoder = Decoder::new(&args.stream, quiet)?;
    for_each(args.inputs.get(), |input| decoder.info(args, input))
}

fn index(args: &args::MakeIndex, quiet: bool) -> Result<ExitCode> {
    // Two indexes in a row are no index.
    args.files.check(&[
        ("--sizes", args.stream.format.sizes.is_some()),
        ("--stdout", args.files.stdout),
    ])?;
    let decoder = Decoder::new(&args.stream, quiet)?;
    for_each(args.files.inputs.get(), |input| decoder.index(args, input))
}

fn completions(shell: clap_complete::Shell) -> Result<ExitCode> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "lz4s", &mut text);
    write_stdout(&text)
}

fn man(command: Option<&str>) -> Result<ExitCode> {
    let mut cli = Cli::command();
    cli.build();
    let page = match command {
        None => cli,
        Some(name) => {
            let command = cli.find_subcommand(name).cloned();
            command.ok_or_else(|| Failure::Usage(format!("there is no command {name}")))?
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text).map_err(at("man"))?;
    write_stdout(&text)
}

fn write_stdout(text: &[u8]) -> Result<ExitCode> {
    let mut stdout = standard::stdout().map_err(at("stdout"))?;
    stdout.write_all(text).map_err(at("stdout"))?;
    Ok(ExitCode::SUCCESS)
}
