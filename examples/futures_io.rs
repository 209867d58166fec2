//! The adapters for tokio with the traits of `futures::io`, by `compat` of tokio-util, and on the executor of
//! `futures`: no runtime of tokio is needed.

use std::io;

use futures::executor::block_on;
use futures::io::{AsyncReadExt, AsyncWriteExt, Cursor};
use lz4_stream::tokio::{Lz4StreamReader, Lz4StreamWriter};
use tokio_util::compat::{
    FuturesAsyncReadCompatExt, FuturesAsyncWriteCompatExt, TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt,
};

fn main() -> io::Result<()> {
    block_on(async {
        let text = "all work and no play makes a dull boy. ".repeat(1000);

        // Both compat layers: the inner writer implements `futures::io::AsyncWrite`, and so does the outer one.
        let inner = Cursor::new(Vec::new());
        let mut writer = Lz4StreamWriter::new(inner.compat_write()).compat_write();
        writer.write_all(text.as_bytes()).await?;
        writer.close().await?; // `shutdown` of tokio
        let stream = writer.into_inner().into_inner().into_inner().into_inner();

        let mut reader = Lz4StreamReader::new(Cursor::new(&stream).compat()).compat();
        let mut back = String::new();
        reader.read_to_string(&mut back).await?;
        assert_eq!(back, text);
        println!("{} bytes came as {} bytes", back.len(), stream.len());
        assert!(stream.len() < back.len() / 10);
        Ok(())
    })
}
