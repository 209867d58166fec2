//! Real loopback sockets with tiny buffers: back pressure, timeouts and `select!` under load, half-closed connections.
#![cfg(feature = "tokio")]

mod common;

use std::io::{self, Write};
use std::net::Shutdown;
use std::time::Duration;

use common::{Random, compress_all, strict_content, text};
use lz4_stream::tokio::{Lz4StreamBufReader, Lz4StreamReader, Lz4StreamWriter};
use lz4_stream::{CompressOptions, DecompressOptions, Error};
use socket2::SockRef;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

/// A connection that holds only a few kilobytes in flight.
async fn narrow() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    SockRef::from(&listener).set_recv_buffer_size(2048).unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(2048).unwrap();
    let client = socket.connect(listener.local_addr().unwrap()).await.unwrap();
    client.set_nodelay(true).unwrap();
    (client, listener.accept().await.unwrap().0)
}

fn options(page_size: usize) -> (CompressOptions, DecompressOptions) {
    (
        CompressOptions::new().page_size(page_size).end_mark(true),
        DecompressOptions::new().end_mark(true),
    )
}

#[tokio::test]
async fn both_ends_over_a_narrow_connection() {
    for (page_size, len) in [(500, 100_000), (65_536, 400_000), (300_000, 700_000)] {
        // Half of it does not compress.
        let mut all = text(1, len / 2);
        all.extend(Random::new(1).bytes(len / 2));
        let (compress, decompress) = options(page_size);
        let (client, server) = narrow().await;
        let sent = all.clone();
        let sender = tokio::spawn(async move {
            let mut writer = Lz4StreamWriter::with_options(client, &compress)?;
            for (i, piece) in sent.chunks(7919).enumerate() {
                writer.write_all(piece).await?;
                if i % 7 == 0 {
                    writer.flush().await?;
                }
            }
            writer.shutdown().await
        });
        let mut reader = Lz4StreamReader::with_options(server, &decompress).unwrap();
        let mut out = Vec::new();
        reader.read_to_end(&mut out).await.unwrap();
        assert!(out == all);
        sender.await.unwrap().unwrap();
        // The writer shut the socket down after the end mark.
        assert_eq!(reader.into_inner().read(&mut [0; 9]).await.unwrap(), 0);
    }
}

/// Every future of the writer is dropped by a timeout again and again, in the middle of blocks.
#[tokio::test]
async fn timeouts_and_select_under_load_lose_and_repeat_nothing() {
    let all = Random::new(2).bytes(400_000);
    for page_size in [700, 20_000, 100_000] {
        let (compress, decompress) = options(page_size);
        let (client, server) = narrow().await;
        let expected = compress_all(&compress, &all);
        let reading = all.clone();
        let receiver = tokio::spawn(async move {
            let mut reader = Lz4StreamReader::with_options(server, &decompress).unwrap();
            let (mut out, mut buf, mut dropped) = (Vec::new(), [0; 5000], 0);
            loop {
                tokio::select! {
                    biased;
                    read = reader.read(&mut buf) => match read.unwrap() {
                        0 => break,
                        n => out.extend_from_slice(&buf[..n]),
                    },
                    () = tokio::task::yield_now() => dropped += 1,
                }
            }
            assert!(out == reading);
            assert!(dropped > 0, "no read was dropped, so the test proves nothing");
            reader.total_in()
        });
        let mut writer = Lz4StreamWriter::with_options(client, &compress).unwrap();
        let (mut rest, mut dropped) = (&all[..], 0);
        while !rest.is_empty() {
            tokio::select! {
                biased;
                n = writer.write(rest) => rest = &rest[n.unwrap()..],
                () = tokio::task::yield_now() => dropped += 1,
            }
        }
        while let Err(_elapsed) = timeout(Duration::from_micros(50), writer.shutdown()).await {
            dropped += 1;
        }
        assert!(dropped > 0, "no write was dropped, so the test proves nothing");
        assert_eq!(receiver.await.unwrap(), expected.len() as u64);
        assert_eq!(writer.total_out(), expected.len() as u64);
    }
}

#[tokio::test]
async fn a_half_closed_connection_still_carries_the_other_direction() {
    let (client, server) = narrow().await;
    let (compress, decompress) = options(1000);
    let all = text(3, 200_000);
    let server = {
        let (compress, decompress) = (compress.clone(), decompress.clone());
        tokio::spawn(async move {
            let (input, output) = server.into_split();
            let mut request = Vec::new();
            let mut reader = Lz4StreamBufReader::with_options(BufReader::new(input), &decompress)?;
            reader.read_to_end(&mut request).await?;
            // The client has closed its direction long before the answer is complete.
            let mut writer = Lz4StreamWriter::with_options(output, &compress)?;
            for piece in request.chunks(999) {
                writer.write_all(piece).await?;
                tokio::task::yield_now().await;
            }
            writer.shutdown().await
        })
    };
    let (input, output) = client.into_split();
    let mut writer = Lz4StreamWriter::with_options(output, &compress).unwrap();
    writer.write_all(&all).await.unwrap();
    writer.shutdown().await.unwrap();
    writer.shutdown().await.unwrap();
    let error = writer.write_all(b"more").await.unwrap_err();
    assert_eq!(Error::from_io(&error), Some(&Error::Finished));
    let mut answer = Vec::new();
    let mut reader = Lz4StreamReader::with_options(input, &decompress).unwrap();
    reader.read_to_end(&mut answer).await.unwrap();
    assert!(answer == all);
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_peer_that_breaks_off_is_no_end() {
    let (compress, decompress) = options(1000);
    let stream = compress_all(&compress, &text(4, 3000));
    for cut in [0, 3, 4, 500, stream.len() - 4, stream.len() - 1] {
        let (client, server) = narrow().await;
        let mut client = client.into_std().unwrap();
        client.set_nonblocking(false).unwrap();
        client.write_all(&stream[..cut]).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut reader = Lz4StreamReader::with_options(server, &decompress).unwrap();
        let error = reader.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{error}");
    }
    // A peer that is gone: the writer gets the error of the socket, and every later call too.
    let (client, server) = narrow().await;
    drop(server);
    let mut writer = Lz4StreamWriter::with_options(client, &compress).unwrap();
    let noise = Random::new(4).bytes(1_000_000);
    let error = writer.write_all(&noise).await.unwrap_err();
    assert!(Error::from_io(&error).is_none(), "{error}");
    writer.flush().await.unwrap_err();
    writer.shutdown().await.unwrap_err();
}

#[tokio::test]
async fn every_flush_is_a_message_that_arrives_at_once() {
    let (client, server) = narrow().await;
    let echo = tokio::spawn(async move {
        let (input, output) = server.into_split();
        let mut reader = Lz4StreamBufReader::new(BufReader::new(input));
        let mut writer = Lz4StreamWriter::new(output);
        loop {
            let page = reader.fill_buf().await?.to_vec();
            if page.is_empty() {
                return writer.shutdown().await;
            }
            reader.consume(page.len());
            writer.write_all(&page).await?;
            writer.flush().await?;
        }
    });
    let (input, output) = client.into_split();
    let mut reader = Lz4StreamReader::new(input);
    let mut writer = Lz4StreamWriter::new(output);
    let mut back = vec![0; 2000];
    for len in (1..2000).step_by(37) {
        let message = text(len as u64, len);
        writer.write_all(&message).await.unwrap();
        writer.flush().await.unwrap();
        reader.read_exact(&mut back[..len]).await.unwrap();
        assert!(back[..len] == message);
    }
    writer.shutdown().await.unwrap();
    assert_eq!(reader.read(&mut back).await.unwrap(), 0);
    echo.await.unwrap().unwrap();
}

/// `copy_bidirectional` flushes when it has nothing to read, so a message never waits in a page.
#[tokio::test]
async fn a_proxy_passes_messages_on_at_once() {
    let (client, near) = narrow().await;
    let (near_out, far_in) = narrow().await;
    let (far, server) = narrow().await;
    let wrap = |socket: TcpStream| {
        let (input, output) = socket.into_split();
        tokio::io::join(Lz4StreamReader::new(input), Lz4StreamWriter::new(output))
    };
    let (mut near, mut near_out) = (near, wrap(near_out));
    let (mut far_in, mut far) = (wrap(far_in), far);
    let near = tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut near_out).await });
    let far = tokio::spawn(async move { tokio::io::copy_bidirectional(&mut far_in, &mut far).await });
    let echo = tokio::spawn(async move {
        let (mut input, mut output) = server.into_split();
        tokio::io::copy(&mut input, &mut output).await?;
        // The end came through; this direction is open.
        output.write_all(b"bye").await?;
        sleep(Duration::from_millis(1)).await;
        output.shutdown().await
    });
    let (mut input, mut output) = client.into_split();
    let mut back = vec![0; 20_000];
    for len in [1, 5, 100, 5000, 20_000, 3] {
        let message = text(len as u64, len);
        let (sent, received) = tokio::join!(output.write_all(&message), input.read_exact(&mut back[..len]));
        sent.unwrap();
        received.unwrap();
        assert!(back[..len] == message);
    }
    output.shutdown().await.unwrap();
    let mut end = Vec::new();
    input.read_to_end(&mut end).await.unwrap();
    assert_eq!(end, b"bye");
    echo.await.unwrap().unwrap();
    assert_eq!(near.await.unwrap().unwrap(), (25_109, 25_112));
    assert_eq!(far.await.unwrap().unwrap(), (25_109, 25_112));
}

#[tokio::test]
async fn what_went_over_the_socket_is_what_the_strict_peer_accepts() {
    let all = text(5, 100_000);
    let (compress, _) = options(3000);
    let (client, mut server) = narrow().await;
    let sent = all.clone();
    let options = compress.clone();
    let sender = tokio::spawn(async move {
        let mut writer = Lz4StreamWriter::with_options(client, &options)?;
        writer.write_all(&sent).await?;
        writer.shutdown().await
    });
    let mut stream = Vec::new();
    server.read_to_end(&mut stream).await.unwrap();
    assert!(strict_content(&compress, &stream, &[]) == all);
    assert!(stream == compress_all(&compress, &all));
    sender.await.unwrap().unwrap();
}
