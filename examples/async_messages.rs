//! Messages over TCP with `Framed` of tokio-util: one message is one block, so nothing else marks where it ends.

use std::io;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use lz4_stream::tokio_util::{EndOfStream, Lz4StreamCodec};
use lz4_stream::{CompressOptions, DecompressOptions, StreamFormat};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::Framed;

const LARGEST: usize = 16 * 1024;

fn wrap(socket: TcpStream) -> io::Result<Framed<TcpStream, Lz4StreamCodec>> {
    let format = StreamFormat::new().end_mark(true);
    let codec = Lz4StreamCodec::with_options(
        &CompressOptions::new().format(format.clone()).page_size(LARGEST),
        &DecompressOptions::new().format(format).max_page_size(LARGEST),
    )?;
    Ok(Framed::new(socket, codec))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let echo = tokio::spawn(async move {
        let mut messages = wrap(listener.accept().await?.0)?;
        while let Some(message) = messages.next().await {
            messages.send(message?).await?;
        }
        messages.send(EndOfStream).await
    });

    let mut messages = wrap(TcpStream::connect(address).await?)?;
    for n in 0..100 {
        let message = Bytes::from(format!("sensor=greenhouse-3 n={n} temperature={}", 20 + n % 5));
        messages.send(message.clone()).await?;
        assert_eq!(messages.next().await.expect("an echo")?, message);
    }
    // Over the page size: an error, and the connection goes on.
    let error = messages.send(Bytes::from(vec![0; LARGEST + 1])).await.unwrap_err();
    assert_eq!(error.to_string(), "page of 16385 bytes exceeds the page size of 16384");
    messages.send(EndOfStream).await?;
    // `close` does not depend on the type of the messages, but it must be named.
    SinkExt::<Bytes>::close(&mut messages).await?;
    assert!(messages.next().await.is_none(), "the server ends its stream too");
    echo.await??;

    let codec = messages.codec();
    let (plain, compressed) = (codec.compressor().total_in(), codec.compressor().total_out());
    println!("100 messages of {plain} bytes went as {compressed} bytes");
    assert!(compressed < plain * 2 / 3);
    Ok(())
}
