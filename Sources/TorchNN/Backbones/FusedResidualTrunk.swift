internal import CKernels
internal import Synchronization
public import Torch

/// A `ResidualTrunk` for pictures on the CPU that is only run, never trained: the same function from the same
/// weights, by minimal filtering (Lavin & Gray 2016) with ReLU and residual sum done where the products are stored.
///
/// The weights are packed once, at the start. What is computed shrinks by a pixel with every layer, towards the part
/// that is wanted. One call is one thread's work; results differ from the plain trunk's in the last bits
/// (about 3·10⁻⁶).
public final class FusedResidualTrunk: @unchecked Sendable {
  private struct Layer {
    let inputs: Int
    let outputs: Int
    let epilogue: CKernelsEpilogue
    /// Offsets into `memory`.
    let weight: Int
    let bias: Int
  }

  private let configuration: ResidualTrunk.Configuration
  private let layers: [Layer]
  /// Packed weights and biases; not written to after the start.
  private let memory: AlignedFloats
  private let pool = FloatPool()

  /// - Returns: `nil` where the plain trunk serves better: other processors, other devices, other compute types.
  /// - Throws: `TensorError` when the weights cannot be read.
  public init?(_ trunk: ResidualTrunk) throws {
    var parts: [(convolution: Conv2d, epilogue: CKernelsEpilogue)] = [(trunk.head, CKernelsStore)]
    for block in trunk.body { parts += [(block.conv1, CKernelsRelu), (block.conv2, CKernelsAdd)] }
    parts.append((trunk.tail, CKernelsStore))
    guard ckernels_winograd_is_fast(),
      parts.allSatisfy({
        $0.convolution.computeType == .float32 && $0.convolution.weight.value.device == .cpu
      })
    else { return nil }

    configuration = trunk.configuration
    var layers: [Layer] = []
    var end = 0
    for (convolution, epilogue) in parts {
      let shape = convolution.weight.value.shape
      let bias = end + ckernels_winograd_packed_count(shape[1], shape[0])
      layers.append(Layer(inputs: shape[1], outputs: shape[0], epilogue: epilogue, weight: end, bias: bias))
      end = bias + Self.rounded(shape[0])
    }
    let memory = AlignedFloats(count: end)
    for (layer, part) in zip(layers, parts) {
      try part.convolution.weight.value.to(.float32).withBytes {
        ckernels_winograd_pack(
          $0.baseAddress!.assumingMemoryBound(to: Float.self), layer.inputs, layer.outputs,
          memory.address + layer.weight)
      }
      let bias = try part.convolution.bias?.value.floats() ?? []
      for (index, value) in bias.enumerated() { memory.address[layer.bias + index] = value }
    }
    self.memory = memory
    self.layers = layers
  }

  /// The part `rows` × `columns` (in input pixels) of what the trunk gives for the picture `x`, beyond whose borders
  /// lie zeros.
  /// - Parameter x: `[1, inputs, H, W]`.
  /// - Returns: `[1, outputs, rows · scale, columns · scale]`.
  public func callAsFunction(_ x: Tensor, rows: Range<Int>, columns: Range<Int>) throws -> Tensor {
    let shape = x.shape
    guard shape.count == 4, shape[0] == 1, shape[1] == configuration.inputs,
      !rows.isEmpty, !columns.isEmpty, rows.lowerBound >= 0, rows.upperBound <= shape[2],
      columns.lowerBound >= 0, columns.upperBound <= shape[3]
    else {
      throw TensorError(
        "rows \(rows) and columns \(columns) of a picture [1, \(configuration.inputs), H, W] are wanted of \(shape)"
      )
    }
    // Input and output share the memory of the hidden pictures, so a pixel has room for any of them.
    let pixel = layers.map { Self.rounded(max($0.inputs, $0.outputs)) }.max()!
    let stream = Picture(height: shape[2], width: shape[3], pixel: pixel, from: pool)
    let hidden = Picture(height: shape[2], width: shape[3], pixel: pixel, from: pool)
    let scratch = pool.zeros(
      count: layers.map { ckernels_winograd_scratch_count($0.inputs, $0.outputs) }.max()!)
    defer { pool.takeBack([stream.memory, hidden.memory, scratch]) }
    try hidden.fill(x)
    for (index, layer) in layers.enumerated() {
      let (from, to) = index.isMultiple(of: 2) ? (hidden, stream) : (stream, hidden)
      let reach = layers.count - 1 - index
      ckernels_winograd(
        from.layout, layer.inputs, to.layout, layer.outputs, memory.address + layer.weight,
        memory.address + layer.bias, layer.epilogue, max(0, rows.lowerBound - reach),
        min(shape[2], rows.upperBound + reach), max(0, columns.lowerBound - reach),
        min(shape[3], columns.upperBound + reach), scratch.address)
    }
    return try hidden.tensor(channels: layers.last!.outputs, rows: rows, columns: columns)
      .pixelShuffled(configuration.scale)
  }

  private static func rounded(_ channels: Int) -> Int {
    let lanes = Int(CKernelsLanes)
    return (channels + lanes - 1) / lanes * lanes
  }
}

/// Memory that one call leaves for the next: taking it from the system anew costs a fifth of a small picture's time.
private final class FloatPool: Sendable {
  /// Two pictures and the scratch of a few threads.
  private static let limit = 12
  private let free = Mutex<[AlignedFloats]>([])

  /// Nothing of what was there before may show, not even where an algorithm reads without need.
  func zeros(count: Int) -> AlignedFloats {
    let found = free.withLock { free in
      free.firstIndex { $0.count == count }.map { free.remove(at: $0) }
    }
    guard let found else { return AlignedFloats(count: count) }
    found.address.update(repeating: 0, count: count)
    return found
  }

  func takeBack(_ memory: [AlignedFloats]) {
    free.withLock { free in
      free += memory
      // Sizes that are not asked for any more go first.
      if free.count > Self.limit { free.removeFirst(free.count - Self.limit) }
    }
  }
}

/// A picture as the kernels want it: channels last, zeros around it.
private struct Picture {
  let layout: CKernelsPicture
  let memory: AlignedFloats

  init(height: Int, width: Int, pixel: Int, from pool: FloatPool) {
    let row = (1 + width + Int(CKernelsOverhang)) * pixel
    memory = pool.zeros(count: (1 + height + Int(CKernelsOverhang)) * row)
    layout = CKernelsPicture(origin: memory.address + row + pixel, row: row, pixel: pixel)
  }

  /// Takes over `[1, C, H, W]`.
  func fill(_ x: Tensor) throws {
    let shape = x.shape
    try x.to(.float32).permuted([0, 2, 3, 1]).withBytes { bytes in
      var source = bytes.baseAddress!.assumingMemoryBound(to: Float.self)
      for y in 0..<shape[2] {
        for column in 0..<shape[3] {
          (layout.origin + y * layout.row + column * layout.pixel).update(from: source, count: shape[1])
          source += shape[1]
        }
      }
    }
  }

  /// The first `channels` of a part, `[1, channels, rows, columns]`.
  func tensor(channels: Int, rows: Range<Int>, columns: Range<Int>) throws -> Tensor {
    let count = channels * rows.count * columns.count
    let elements = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      var target = buffer.baseAddress!
      for y in rows {
        for x in columns {
          target.initialize(from: layout.origin + y * layout.row + x * layout.pixel, count: channels)
          target += channels
        }
      }
      initialized = count
    }
    return try Tensor(elements, shape: [1, rows.count, columns.count, channels]).permuted([0, 3, 1, 2])
  }
}
