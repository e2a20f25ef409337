/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grpc_echo.cc - the baseline of the bus: the same messages through gRPC's asynchronous C++ API,
 * one completion queue at each end (more were slower on two cores).
 *
 *     grpc_echo serve ADDRESS                 says `ready`, serves until its input ends
 *     grpc_echo call ADDRESS N SECONDS        keeps N calls under way
 *     grpc_echo block ADDRESS SECONDS         one call after the other, from a blocking stub
 *     grpc_echo stream ADDRESS SIZE SECONDS   reads one stream of messages of SIZE bytes
 */
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "echo.grpc.pb.h"
#include "tests/bench/measure.h"

namespace bench = tenon::bench::v1;

namespace
{
constexpr size_t payload_size = 64;
/* Calls that the server awaits at once, twice as many as any client has. */
constexpr int awaited_count = 128;
constexpr auto connect_timeout = std::chrono::seconds(10);

[[noreturn]] void die(const char *what)
{
    (void)std::fprintf(stderr, "grpc_echo: %s\n", what);
    std::exit(1);
}

/* What a tag of a completion queue points to. */
struct event {
    virtual ~event() = default;
    virtual void proceed(bool ok) = 0;
};

struct said : event {
    bench::Echo::AsyncService *service;
    grpc::ServerCompletionQueue *queue;
    std::unique_ptr<grpc::ServerContext> context;
    std::unique_ptr<grpc::ServerAsyncResponseWriter<bench::EchoResponse>> writer;
    bench::EchoRequest request;
    bool is_answered = true;

    void await()
    {
        context = std::make_unique<grpc::ServerContext>();
        writer =
            std::make_unique<grpc::ServerAsyncResponseWriter<bench::EchoResponse>>(context.get());
        is_answered = false;
        service->RequestSay(context.get(), &request, writer.get(), queue, queue, this);
    }

    void proceed(bool ok) override
    {
        if (is_answered) {
            await();
        } else if (ok) {
            bench::EchoResponse response;

            response.set_payload(request.payload());
            is_answered = true;
            writer->Finish(response, grpc::Status::OK, this);
        }
    }
};

struct poured : event {
    bench::Echo::AsyncService *service;
    grpc::ServerCompletionQueue *queue;
    std::unique_ptr<grpc::ServerContext> context;
    std::unique_ptr<grpc::ServerAsyncWriter<bench::PourResponse>> writer;
    bench::PourRequest request;
    bench::PourResponse response;
    bool is_begun = false;

    void await()
    {
        context = std::make_unique<grpc::ServerContext>();
        writer = std::make_unique<grpc::ServerAsyncWriter<bench::PourResponse>>(context.get());
        is_begun = false;
        service->RequestPour(context.get(), &request, writer.get(), queue, queue, this);
    }

    void proceed(bool ok) override
    {
        if (!ok) {
            if (is_begun)
                await(); /* the client has had enough */
            return;
        }
        if (!is_begun)
            response.set_payload(std::string(request.size(), 'x'));
        is_begun = true;
        writer->Write(response, this);
    }
};

[[noreturn]] void serve(const std::string &address)
{
    bench::Echo::AsyncService service;
    grpc::ServerBuilder builder;
    int port = 0;

    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    auto queue = builder.AddCompletionQueue();
    auto server = builder.BuildAndStart();
    if (!server || port == 0)
        die("the address cannot be listened at");
    std::vector<said> calls(awaited_count);
    for (auto &call : calls) {
        call.service = &service;
        call.queue = queue.get();
        call.await();
    }
    poured stream;
    stream.service = &service;
    stream.queue = queue.get();
    stream.await();
    std::thread([&queue] {
        void *tag;
        bool ok;

        while (queue->Next(&tag, &ok))
            static_cast<event *>(tag)->proceed(ok);
    }).detach();
    (void)std::printf("ready %s:%d\n", address.substr(0, address.rfind(':')).c_str(), port);
    (void)std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
    std::_Exit(0); /* with connections that are still open */
}

std::unique_ptr<bench::Echo::Stub> connect(const std::string &address)
{
    auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());

    if (!channel->WaitForConnected(std::chrono::system_clock::now() + connect_timeout))
        die("there is no server");
    return bench::Echo::NewStub(channel);
}

struct asked {
    int64_t start_ns;
    bench::EchoResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientContext> context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<bench::EchoResponse>> reader;

    // A call begins as the one before ends: what is between them is counted too.
    void ask(bench::Echo::Stub &stub, grpc::CompletionQueue &queue, int64_t now_ns)
    {
        bench::EchoRequest request;

        request.set_payload(std::string(payload_size, 'x'));
        context = std::make_unique<grpc::ClientContext>();
        start_ns = now_ns;
        reader = stub.AsyncSay(context.get(), request, &queue);
        reader->Finish(&response, &status, this);
    }
};

void call(const std::string &address, unsigned count, double seconds)
{
    auto stub = connect(address);
    grpc::CompletionQueue queue;
    std::vector<asked> calls(count);
    measure measure;
    void *tag;
    bool ok;

    measure_begin(&measure, seconds);
    for (auto &one : calls)
        one.ask(*stub, queue, measure_now_ns());
    while (count > 0 && queue.Next(&tag, &ok)) {
        auto *one = static_cast<asked *>(tag);
        int64_t now_ns = measure_now_ns();

        if (!one->status.ok() || one->response.payload().size() != payload_size)
            die(one->status.error_message().c_str());
        measure_add(&measure, one->start_ns, now_ns, 1);
        if (now_ns < measure.end_ns)
            one->ask(*stub, queue, now_ns);
        else
            count--;
    }
    measure_print(&measure);
}

void block(const std::string &address, double seconds)
{
    auto stub = connect(address);
    bench::EchoResponse response;
    measure measure;

    measure_begin(&measure, seconds);
    for (int64_t start_ns = measure_now_ns(); start_ns < measure.end_ns;) {
        grpc::ClientContext context;
        bench::EchoRequest request;

        request.set_payload(std::string(payload_size, 'x'));
        if (!stub->Say(&context, request, &response).ok())
            die("a call failed");
        int64_t now_ns = measure_now_ns();
        measure_add(&measure, start_ns, now_ns, 1);
        start_ns = now_ns;
    }
    measure_print(&measure);
}

void stream(const std::string &address, uint32_t size, double seconds)
{
    auto stub = connect(address);
    grpc::ClientContext context;
    bench::PourRequest request;
    bench::PourResponse response;
    measure measure;

    request.set_size(size);
    auto reader = stub->Pour(&context, request);
    measure_begin(&measure, seconds);
    for (int64_t start_ns = measure_now_ns(); start_ns < measure.end_ns;) {
        if (!reader->Read(&response))
            die("the stream ended");
        int64_t now_ns = measure_now_ns();
        measure_add(&measure, start_ns, now_ns, response.payload().size());
        start_ns = now_ns;
    }
    context.TryCancel();
    measure_print(&measure);
}
} // namespace

int main(int argc, char **argv)
{
    std::string what = argc > 1 ? argv[1] : "";

    if (what == "serve" && argc == 3)
        serve(argv[2]);
    if (what == "call" && argc == 5)
        call(argv[2],
             static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10)),
             std::strtod(argv[4], nullptr));
    else if (what == "block" && argc == 4)
        block(argv[2], std::strtod(argv[3], nullptr));
    else if (what == "stream" && argc == 5)
        stream(argv[2],
               static_cast<uint32_t>(std::strtoul(argv[3], nullptr, 10)),
               std::strtod(argv[4], nullptr));
    else
        die("usage: serve ADDRESS | call ADDRESS N SECONDS | block ADDRESS SECONDS | "
            "stream ADDRESS SIZE SECONDS");
    (void)std::fflush(stdout);
    std::_Exit(0); /* gRPC takes a while to go */
}
