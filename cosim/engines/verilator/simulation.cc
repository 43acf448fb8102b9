// One simulated device: the models that Verilator has made, a clock, and the host's side of the messages.
// cosim/harness/ says what the messages are, cosim/engines/verilator/partition.py why there are two models.
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "verilated.h"
#ifdef WAVES
#include "verilated_vcd_c.h"
#endif
#include "wiring.h"  // Rest, Cell, CELLS, and how they are connected

namespace {

enum Status { DONE, HUNGRY, PAUSED, STANDS_STILL, RUNS_ON, FAILED };  // as in verilator_engine.py

// Tiles in a row; the arrays are the caller's, and stay until the next piece is asked for.
struct Piece {
    int64_t tiles, last;  // last: no piece follows
    const uint8_t* lines;
    const int64_t* counts;  // lines of each tile
    const uint8_t* commands;
    const uint32_t *read_delays, *write_delays, *beats;
};

// What has come so far, into arrays that take `most` entries each; a device with a fault may send more.
struct Results {
    uint32_t* beats;
    int64_t *tile_ends, *store_ends;
    int64_t most_beats, most_tiles, most_stores;
    int64_t beat_count, tile_count, store_count, cycle, busy, waiting, idle, overflow;
};

void or_bits(uint8_t* to, int64_t place, const uint8_t* from, int64_t bits) {
    const int64_t bytes = (bits + 7) / 8, shift = place % 8;
    to += place / 8;
    if (!shift) {
        memcpy(to, from, bytes);
        return;
    }
    for (int64_t i = 0; i < bytes; i++) {
        to[i] |= from[i] << shift;
        if (from[i] >> (8 - shift)) to[i + 1] |= from[i] >> (8 - shift);
    }
}

// A VCD of all models; half a clock cycle is 5 units of time.
class Trace {
#ifdef WAVES
    VerilatedVcdC file;
    uint64_t time = 0;

  public:
    template <class Cells> void open(VerilatedContext& context, Rest& rest, Cells& cells, const char* name) {
        context.traceEverOn(true);
        file.set_time_unit("1ns");
        file.set_time_resolution("1ns");
        rest.trace(&file, 99);
        for (auto& cell : cells) cell->trace(&file, 99);
        file.open(name);
        if (!file.isOpen()) throw std::runtime_error(std::string("waves cannot be written to ") + name);
    }
    void dump() { file.dump(time), time += 5; }
#else
  public:
    template <class Cells> void open(VerilatedContext&, Rest&, Cells&, const char*) {}
    void dump() {}
#endif
};

class Device {
  public:
    Device(int64_t seed, const char* constants, bool updating, const char* waves) : updating(updating) {
        context.randReset(seed ? 2 : 0);
        context.randSeed(static_cast<int>(seed));
        rest = std::make_unique<Rest>(&context, "");
        for (int i = 0; i < CELLS; i++) cells.push_back(std::make_unique<Cell>(&context, NAMES[i]));
        for (int i = 0; i < CELLS; i++) inputs.push_back(connected(cells, *rest, i));
        set_constants(*rest, constants);
        trace.open(context, *rest, cells, waves);
        rest->clk = rest->host_toggle = rest->host_taken = rest->host_ended = 0;
        set_update_clock(*rest, 0);
        rest->rst = 1;
        for (auto& cell : cells) cell->clk = 0, cell->eval();
        settle();
        rest->host_toggle = 1;  // the harness's memory resets as it changes
        settle();
    }

    ~Device() {
        for (auto& cell : cells) cell->final();
        rest->final();
    }

    void reset(int64_t cycles) {
        for (int64_t i = 0; i < cycles; i++) tick();
        rest->rst = 0;
        settle();
    }

    void feed(const Piece& next) { piece = next, tile = 0, sent = 0, offset = 0; }

    // Runs until it is done, needs tiles, has failed, or the time is over.
    Status run(Results& results, int64_t limit, double seconds) {
        using clock = std::chrono::steady_clock;
        const auto end = clock::now() + std::chrono::duration<double>(seconds);
        for (int64_t i = 1;; i++) {
            while (!rest->run) {
                const bool collected = collect(results), starved = rest->device_out_need && tile == piece.tiles;
                const bool fed = rest->device_out_need && !starved;
                if (fed) send();
                settle();
                if (starved && !piece.last) return HUNGRY;
                if (!rest->run && !collected && !fed) return rest->host_ended ? DONE : STANDS_STILL;
                if (clock::now() > end) return PAUSED;
            }
            tick();
            if (rest->device_out_cycle > static_cast<uint64_t>(limit)) return collect(results), RUNS_ON;
            if (i % 64 == 0 && clock::now() > end) return PAUSED;
        }
    }

  private:
    VerilatedContext context;
    Trace trace;
    std::unique_ptr<Rest> rest;
    std::vector<std::unique_ptr<Cell>> cells;
    std::vector<Inputs> inputs;
    const bool updating;
    Piece piece{};
    int64_t tile = 0, sent = 0, offset = 0;  // tile of the piece, its lines that are sent, and lines before it

    void settle() {
        take(*rest, cells);
        rest->eval();
    }

    // Both edges of the clock. A cell acts on either edge, and cells come in an order in which each still finds what
    // the others had before: so one call does for it.
    void tick() {
        for (int i = 0; i < CELLS; i++) {
            const int number = ORDER[i];
            Cell& cell = *cells[number];
            take(cell, inputs[number]);
            cell.clk = !cell.clk;
            evaluate(cell);
        }
        rest->clk = 1;
        set_update_clock(*rest, updating || rest->rst);
        rest->eval();
        trace.dump();
        rest->clk = 0;
        set_update_clock(*rest, 0);
        settle();
        trace.dump();
    }

    void send() {
        const int64_t left = piece.counts[tile] - sent, count = left < MOST_LINES ? left : MOST_LINES;
        static_assert(sizeof rest->host_lines * 8 >= MOST_LINES * LINE_BITS, "the message's lines");
        uint8_t message[sizeof rest->host_lines + 8] = {};
        for (int64_t i = 0; i < count; i++)
            or_bits(message, i * LINE_BITS, piece.lines + (offset + sent + i) * LINE_BYTES, LINE_BITS);
        memcpy(&rest->host_lines, message, sizeof rest->host_lines);
        memset(&rest->host_command, 0, sizeof rest->host_command);
        memcpy(&rest->host_command, piece.commands + tile * COMMAND_BYTES, COMMAND_BYTES);
        rest->host_count = count;
        rest->host_read_delay = piece.read_delays[tile];
        rest->host_write_delay = piece.write_delays[tile];
        rest->host_beats = piece.beats[tile];
        rest->host_complete = count == left;
        rest->host_ended = count == left && piece.last && tile + 1 == piece.tiles;
        rest->host_toggle = !rest->host_toggle;
        sent += count;
        if (count == left) offset += sent, sent = 0, tile++;
    }

    bool collect(Results& results) {
        Rest& m = *rest;
        results.cycle = m.device_out_cycle;
        if (m.device_out_seen != m.host_taken) return false;
        read(m.device_out_results, m.device_out_result_count, BEAT_BYTES, results.beats, BEAT_BYTES, results.most_beats,
             results.beat_count);
        read(m.device_out_tile_ends, m.device_out_tile_count, STAMP_BYTES, results.tile_ends, 8, results.most_tiles,
             results.tile_count);
        read(m.device_out_store_ends, m.device_out_store_count, STAMP_BYTES, results.store_ends, 8, results.most_stores,
             results.store_count);
        results.busy = m.device_out_busy, results.waiting = m.device_out_waiting, results.idle = m.device_out_idle;
        results.overflow = m.device_out_overflow;
        m.host_taken = !m.host_taken;
        return m.device_out_result_count || m.device_out_tile_count || m.device_out_store_count;
    }

    // Append the entries of a mailbox, whose newest is in the low bits, in the order in which they came.
    template <class Port>
    static void read(const Port& mailbox, int64_t entries, int64_t size, void* to, int64_t pitch, int64_t most,
                     int64_t& count) {
        for (int64_t i = entries; i-- > 0; count++) {
            if (count >= most) continue;
            uint8_t* place = static_cast<uint8_t*>(to) + count * pitch;
            memset(place, 0, pitch);
            memcpy(place, reinterpret_cast<const uint8_t*>(&mailbox) + i * size, size);
        }
    }
};

thread_local std::string said;  // why a function of below has failed

// What `act` gives, or `otherwise`, where the Verilog or Verilator ends the simulation.
template <class Result, class Act> Result guarded(Result otherwise, Act act) {
    try {
        return act();
    } catch (const std::exception& error) {
        said = error.what();
        return otherwise;
    }
}

}  // namespace

// What Verilator calls instead of ending the process.
void vl_finish(const char* file, int line, const char*) {
    throw std::runtime_error("$finish in " + std::string(file) + ", line " + std::to_string(line));
}
void vl_stop(const char* file, int line, const char*) {
    throw std::runtime_error("$stop in " + std::string(file) + ", line " + std::to_string(line));
}
void vl_fatal(const char*, int, const char*, const char* message) { throw std::runtime_error(message); }

#define EXPORT __attribute__((visibility("default")))

extern "C" {

EXPORT void* device_open(int64_t seed, const char* constants, int updating, int64_t reset_cycles, const char* waves) {
    return guarded<void*>(nullptr, [&] {
        auto device = std::make_unique<Device>(seed, constants, updating != 0, waves);
        device->reset(reset_cycles);
        return device.release();
    });
}

EXPORT void device_feed(void* device, const Piece* piece) { static_cast<Device*>(device)->feed(*piece); }

EXPORT int device_run(void* device, Results* results, int64_t limit, double seconds) {
    return guarded<int>(FAILED, [&] { return static_cast<Device*>(device)->run(*results, limit, seconds); });
}

EXPORT const char* device_said() { return said.c_str(); }

EXPORT void device_close(void* device) { delete static_cast<Device*>(device); }
}
