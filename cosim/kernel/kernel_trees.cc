// Products without zeros, summed by trees of adders: compiled without fused multiply-adds, each sum is rounded once.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

struct TreesCall {
    int64_t rows, k, columns;           // of the stationary operand, and of the streamed one
    int64_t block_rows, block_columns;
    int64_t engines, lanes, results;
    const float* stationary;            // (rows, k)
    const float* stream;                // (k, columns)
    float* c;                           // (rows, columns), zeros
};

// The sums of a run of lanes, for all columns of a block.
struct Run {
    const float* values;                // of the row, by elements of k
    const int64_t* elements;            // of the lanes, from lane 0 of the engine on
    const float* stream;                // of the block: its first column
    int64_t stride, width;
    float* scratch;                     // a line of `width` for each level

    // `to`: the sum of lanes first to last; on both sides of the adder of highest level between them.
    void sum(int64_t first, int64_t last, float* to, int64_t depth) const {
        if (first == last) return product(first, to);
        const int zeros = 63 - __builtin_clzll(first ^ last);
        const int64_t adder = (last >> zeros << zeros) - 1;
        float* right = scratch + depth * width;
        sum(first, adder, to, depth);
        sum(adder + 1, last, right, depth + 1);
        for (int64_t i = 0; i < width; i++) to[i] += right[i];
    }

    void product(int64_t lane, float* to) const {
        const float value = values[elements[lane]], *line = stream + elements[lane] * stride;
        for (int64_t i = 0; i < width; i++) {
            const float exact = value * line[i];
            to[i] = line[i] == 0 ? 0.0f : exact;
        }
    }
};

// A block of the result: chunk after chunk of k, row after row, in the order in which values are packed.
class Block {
public:
    Block(const TreesCall& call, int64_t column)
        : call(call), column(column), width(std::min(call.block_columns, call.columns - column)),
          lines(width * 9), any(call.k), elements(2 * call.lanes) {
        for (int64_t k = 0; k < call.k; k++) {
            const float* line = call.stream + k * call.columns + column;
            any[k] = std::any_of(line, line + width, [](float x) { return x != 0; });
        }
    }

    void run(int64_t row) {
        const int64_t end = std::min(row + call.block_rows, call.rows);
        for (int64_t start = 0; start < call.k; start += call.lanes) {
            engine = call.engines;      // a full fold: the first value opens one
            lane = result = 0;
            for (int64_t one = row; one < end; one++) pack(one, start, std::min(start + call.lanes, call.k));
        }
    }

private:
    const TreesCall& call;
    const int64_t column, width;
    std::vector<float> lines;
    std::vector<char> any;
    std::vector<int64_t> elements;
    int64_t engine, lane, result;

    // tlm/sigma/packing.py, pack: the row's values in lanes, and the sums of these.
    void pack(int64_t row, int64_t start, int64_t end) {
        const float* values = call.stationary + row * call.k;
        int64_t* kept = elements.data() + call.lanes;
        int64_t count = 0;
        for (int64_t k = start; k < end; k++)
            if (any[k] && values[k] != 0) kept[count++] = k;
        float *part = lines.data(), *before = part + width, *scratch = before + width;
        float* c = call.c + row * call.columns + column;
        for (int64_t done = 0, taken; done < count; done += taken) {
            if (lane == call.lanes || result == call.results) engine++, lane = result = 0;
            if (engine >= call.engines) engine = lane = result = 0;
            taken = std::min(count - done, call.lanes - lane);
            std::copy(kept + done, kept + done + taken, elements.data() + lane);
            const bool begun = done && lane == 0 && engine > 0, goes_on = done + taken < count;
            Run run{values, elements.data(), call.stream + column, call.columns, width, scratch};
            run.sum(lane, lane + taken - 1, part, 0);
            if (begun)
                for (int64_t i = 0; i < width; i++) part[i] = before[i] + part[i];
            if (goes_on && engine + 1 < call.engines)
                std::swap(part, before);
            else
                for (int64_t i = 0; i < width; i++) c[i] += part[i];
            lane += taken, result++;
        }
    }
};

}

extern "C" {

// cosim/sigma/reference.py. A NaN may have any pattern.
void sat_trees(const TreesCall* call) {
    for (int64_t column = 0; column < call->columns; column += call->block_columns) {
        Block block(*call, column);
        for (int64_t row = 0; row < call->rows; row += call->block_rows) block.run(row);
    }
}

}
