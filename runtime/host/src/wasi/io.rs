//! `wasi:io`: streams, pollables, and stream errors.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::io::{error, poll, streams};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, StreamError, StreamResult};

use crate::call::{Host, View, host_calls, number};
use crate::wasi::splice::Moved;

pub(super) type In = Resource<DynInputStream>;
pub(super) type Out = Resource<DynOutputStream>;
type Pollable = Resource<DynPollable>;

impl error::Host for View<'_> {}

host_calls! {
    impl error::HostError as "wasi:io/error" {
        fn to_debug_string(error: Resource<streams::Error>) -> wasmtime::Result<String>
            = |host, _call| host.world().map(|_| "the operation failed".to_owned());
        fn drop(error: Resource<streams::Error>) -> wasmtime::Result<()> = via io;
    }
}

host_calls! {
    impl poll::Host as "wasi:io/poll" {
        async fn poll(pollables: Vec<Pollable>) -> wasmtime::Result<Vec<u32>>
            = |host, _call| host.poll(pollables).await;
    }
}

host_calls! {
    impl poll::HostPollable as "wasi:io/poll" {
        async fn ready(pollable: Pollable) -> wasmtime::Result<bool> = via io;
        async fn block(pollable: Pollable) -> wasmtime::Result<()> = via io;
        fn drop(pollable: Pollable) -> wasmtime::Result<()> = via io;
    }
}

impl streams::Host for View<'_> {
    fn convert_stream_error(&mut self, error: StreamError) -> wasmtime::Result<streams::StreamError> {
        match error {
            StreamError::Closed => Ok(streams::StreamError::Closed),
            StreamError::LastOperationFailed(error) => match number(&error) {
                Some(resource) => Ok(streams::StreamError::LastOperationFailed(resource)),
                None => Err(error),
            },
            StreamError::Trap(error) => Err(error),
        }
    }
}

host_calls! {
    impl streams::HostInputStream as "wasi:io/streams" {
        by hand {
            fn read(&mut self, stream: In, length: u64) -> StreamResult<Vec<u8>> {
                let read: StreamResult<Bytes> = host_calls!(
                    @call self, false, streams::HostInputStream as "wasi:io/streams", read,
                    (stream: In, length: u64), StreamResult<Bytes>,
                    |host, _call| host.input(&stream).and_then(|input| input.read(to_usize(length)))
                );
                read.map(Vec::from)
            }

            async fn blocking_read(&mut self, stream: In, length: u64) -> StreamResult<Vec<u8>> {
                let read: StreamResult<Bytes> = host_calls!(
                    @call self, true, streams::HostInputStream as "wasi:io/streams", blocking_read,
                    (stream: In, length: u64), StreamResult<Bytes>,
                    |host, _call| match host.input(&stream) {
                        Ok(input) => input.blocking_read(to_usize(length)).await,
                        Err(error) => Err(error),
                    }
                );
                read.map(Vec::from)
            }
        }
        fn skip(stream: In, length: u64) -> StreamResult<u64> = via io;
        async fn blocking_skip(stream: In, length: u64) -> StreamResult<u64> = via io;
        fn subscribe(stream: In) -> wasmtime::Result<Pollable> = via io;
        async fn drop(stream: In) -> wasmtime::Result<()> = via io;
    }
}

host_calls! {
    impl streams::HostOutputStream as "wasi:io/streams" {
        fn check_write(stream: Out) -> StreamResult<u64> = via io;
        by hand {
            fn write(&mut self, stream: Out, contents: Vec<u8>) -> StreamResult<()> {
                let contents = Bytes::from(contents);
                host_calls!(
                    @call self, false, streams::HostOutputStream as "wasi:io/streams", write,
                    (stream: Out, contents: Bytes), StreamResult<()>,
                    |host, _call| host.output(&stream).and_then(|output| output.write(contents)),
                    again |host, answer| answer.inspect(|()| host.outputs.replayed(stream.rep(), &contents))
                )
            }
        }
        async fn blocking_write_and_flush(stream: Out, contents: Vec<u8>) -> StreamResult<()>
            = via io,
            again |host, answer| answer.inspect(|()| host.outputs.replayed(stream.rep(), &contents));
        fn flush(stream: Out) -> StreamResult<()> = via io;
        async fn blocking_flush(stream: Out) -> StreamResult<()> = via io;
        fn subscribe(stream: Out) -> wasmtime::Result<Pollable> = via io;
        fn write_zeroes(stream: Out, length: u64) -> StreamResult<()> = via io,
            again |host, answer| answer.inspect(|()| host.outputs.replayed_zeroes(stream.rep(), length));
        async fn blocking_write_zeroes_and_flush(stream: Out, length: u64) -> StreamResult<()>
            = via io,
            again |host, answer| answer.inspect(|()| host.outputs.replayed_zeroes(stream.rep(), length));
        by hand {
            fn splice(&mut self, stream: Out, source: In, length: u64) -> StreamResult<u64> {
                let to = Resource::new_borrow(stream.rep());
                let moved: StreamResult<Moved> = host_calls!(
                    @call self, false, streams::HostOutputStream as "wasi:io/streams", splice,
                    (stream: Out, source: In, length: u64), StreamResult<Moved>,
                    |host, _call| if host.is_output(&stream) {
                        host.splice_out(&stream, &source, to_usize(length))
                    } else {
                        host.world().map_err(StreamError::Trap).and_then(|live| {
                            streams::HostOutputStream::splice(live.io(), stream, source, length).map(Moved::Count)
                        })
                    },
                    again |host, answer| answer.inspect(|moved| host.spliced(&to, moved))
                );
                moved.map(|moved| moved.count())
            }

            async fn blocking_splice(&mut self, stream: Out, source: In, length: u64) -> StreamResult<u64> {
                let to = Resource::new_borrow(stream.rep());
                let moved: StreamResult<Moved> = host_calls!(
                    @call self, true, streams::HostOutputStream as "wasi:io/streams", blocking_splice,
                    (stream: Out, source: In, length: u64), StreamResult<Moved>,
                    |host, _call| if host.is_output(&stream) {
                        host.blocking_splice_out(&stream, &source, to_usize(length)).await
                    } else {
                        match host.world() {
                            Ok(live) => streams::HostOutputStream::blocking_splice(live.io(), stream, source, length)
                                .await
                                .map(Moved::Count),
                            Err(error) => Err(StreamError::Trap(error)),
                        }
                    },
                    again |host, answer| answer.inspect(|moved| host.spliced(&to, moved))
                );
                moved.map(|moved| moved.count())
            }
        }
        async fn drop(stream: Out) -> wasmtime::Result<()> = |host, _call| host.close_output(stream).await,
            again |host, answer| answer.inspect(|()| host.outputs.closed(stream.rep()));
    }
}

impl Host {
    /// A stream that a guest reads from.
    pub(super) fn input(&mut self, stream: &In) -> StreamResult<&mut DynInputStream> {
        Ok(self.world().map_err(StreamError::Trap)?.table.get_mut(stream)?)
    }

    /// A stream that a guest writes to.
    pub(super) fn output(&mut self, stream: &Out) -> StreamResult<&mut DynOutputStream> {
        Ok(self.world().map_err(StreamError::Trap)?.table.get_mut(stream)?)
    }

    /// Waits for any of the pollables.
    async fn poll(&mut self, pollables: Vec<Pollable>) -> wasmtime::Result<Vec<u32>> {
        let session = Arc::clone(&self.session);
        session.polled.store(pollables.len(), Ordering::Relaxed);
        let ready = poll::Host::poll(self.world()?.io(), pollables).await;
        session.polled.store(0, Ordering::Relaxed);
        ready
    }

    async fn close_output(&mut self, stream: Out) -> wasmtime::Result<()> {
        self.outputs.closed(stream.rep());
        streams::HostOutputStream::drop(self.world()?.io(), stream).await
    }
}

/// A length from a guest.
fn to_usize(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
