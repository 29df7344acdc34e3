internal import CKernels
public import Torch
public import TorchNN

/// A `DilatedCausalNetwork` that goes sample after sample: the same function, from weights that are packed once.
public final class DilatedSteps: @unchecked Sendable {
  /// What the products are computed with.
  public enum Precision: Sendable, Equatable {
    case float32
    /// Weights and activations of 8 bits; the same samples with any instructions.
    case int8(DilatedRanges)
  }

  public let configuration: DilatedCausalNetwork.Configuration
  let shape: CKernelsDilatedShape
  let packed: AlignedFloats
  private let network: DilatedCausalNetwork

  /// Reads the weights; later changes of the module are not seen.
  /// - Throws: `TensorError` for ranges of another network.
  public init(_ network: DilatedCausalNetwork, precision: Precision = .float32) throws {
    let c = network.configuration
    configuration = c
    self.network = network
    let dilations = DilationList(c.dilations)
    self.dilations = dilations
    let isInt8 = precision != .float32
    shape = CKernelsDilatedShape(
      layers: c.dilations.count, residual: c.channels, skip: c.skip, outputs: c.levels,
      phases: c.phases ?? 0, dilations: UnsafePointer(dilations.address), int8: isInt8)
    packed = AlignedFloats(count: (ckernels_dilated_packed_bytes(shape) + 3) / 4)
    var ranges = DilatedRanges(inputs: [Float](repeating: 1, count: c.dilations.count), skip: 1, hidden: 1)
    if case .int8(let given) = precision { ranges = given }
    guard ranges.isPlausible(for: c) else {
      throw TensorError("the ranges of 8-bit activations are not those of this network")
    }
    let r = c.channels
    func values(_ part: (DilatedBlock) throws -> Tensor) throws -> AlignedFloats {
      try Autograd.disabled {
        AlignedFloats(try network.body.flatMap { try part($0).contiguous().floats() })
      }
    }
    func values(_ parameter: Parameter?) throws -> AlignedFloats {
      AlignedFloats(try parameter?.value.contiguous().floats() ?? [])
    }
    let parts = [
      try values(network.embedding),
      AlignedFloats(try Autograd.disabled { try network.excitations()?.contiguous().floats() ?? [] }),
      try values { try $0.conv.weight.value.narrow(1, start: 0, length: r) },
      try values { try $0.conv.weight.value.narrow(1, start: r, length: r) },
      try values { $0.out.weight.value }, try values { $0.out.bias!.value },
      try values(network.skip.weight), try values(network.skip.bias), try values(network.head1.weight),
      try values(network.head1.bias), try values(network.head2.weight), try values(network.head2.bias),
    ]
    let inputs = AlignedFloats(ranges.inputs)
    let a = parts.map { UnsafePointer($0.address) }
    withExtendedLifetime((parts, inputs)) {
      ckernels_dilated_pack(
        shape,
        CKernelsDilatedWeights(
          embedding: a[0], phase: a[1], past: a[2], now: a[3], residual: a[4], residual_bias: a[5],
          skip: a[6], skip_bias: a[7], hidden: a[8], hidden_bias: a[9], output: a[10], output_bias: a[11]),
        CKernelsDilatedScales(
          inputs: UnsafePointer(inputs.address), skip: ranges.skip, hidden: ranges.hidden),
        packed.address)
    }
  }

  private let dilations: DilationList

  /// Numbers of a frame that tell of the phase.
  private var tone: Int { configuration.phases == nil ? 0 : 2 }

  /// Numbers of a frame's conditions.
  var perFrame: Int { configuration.dilations.count * 2 * configuration.channels + tone }

  /// What the gates of all blocks are shifted by in each frame, one frame after the other, each followed by the phase and
  /// its advance where the network is told them.
  /// - Parameter features: of each frame, `[F][features]`.
  /// - Returns: `[F, blocks, 2 R]`.
  public func conditions(_ features: [[Float]]) throws -> [Float] {
    try Autograd.disabled {
      let all = try Tensor(features.flatMap { $0 }, shape: [1, features.count, configuration.features])
      let given = try network.condition(all)
      let each = try network.body.map { try $0.condition(given).select(0, 0) + $0.conv.bias!.value }
      let shifts = try Tensor.stack(each, axis: 1).reshaped([features.count, perFrame - tone])
      guard tone > 0 else { return try shifts.floats() }
      let last = try all.select(0, 0).narrow(1, start: configuration.features - tone, length: tone)
      return try Tensor.cat([shifts, last], axis: 1).contiguous().floats()
    }
  }

  /// The instructions that steps of this precision can use here, none faster than `wanted`.
  func version(_ wanted: StepInstructions) -> CKernelsStepVersion {
    let best = ckernels_dilated_best(shape.int8)
    return wanted.version.rawValue < best.rawValue ? wanted.version : best
  }
}

/// The largest magnitudes that 8-bit activations stand for.
public struct DilatedRanges: Codable, Sendable, Equatable {
  /// Of each block's input.
  public var inputs: [Float]
  /// Of the inputs of the two output layers.
  public var skip: Float
  public var hidden: Float

  public init(inputs: [Float], skip: Float, hidden: Float) {
    (self.inputs, self.skip, self.hidden) = (inputs, skip, hidden)
  }

  /// The largest magnitudes of what was seen.
  public init(_ seen: DilatedCausalNetwork.Activations) throws {
    func largest(_ tensor: Tensor) throws -> Float { Float(try tensor.abs().maximum().scalar()) }
    self.init(
      inputs: try seen.inputs.map(largest), skip: try largest(seen.skip), hidden: try largest(seen.hidden))
  }

  /// The larger of both, each.
  public func union(_ other: DilatedRanges) -> DilatedRanges {
    DilatedRanges(
      inputs: zip(inputs, other.inputs).map(max), skip: max(skip, other.skip),
      hidden: max(hidden, other.hidden))
  }

  /// Whether a file's word can be believed.
  public func isPlausible(for network: DilatedCausalNetwork.Configuration) -> Bool {
    inputs.count == network.dilations.count
      && (inputs + [skip, hidden]).allSatisfy { $0 > 0 && $0.isFinite }
  }
}

/// Dilations at an address that stays.
private final class DilationList: @unchecked Sendable {
  let address: UnsafeMutablePointer<Int>

  init(_ values: [Int]) {
    address = .allocate(capacity: max(1, values.count))
    address.initialize(from: values, count: values.count)
  }

  deinit { address.deallocate() }
}
