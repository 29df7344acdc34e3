import Foundation
import Testing

@testable import Torch

@Suite struct HostArrayTests {
  @Test func bytesMustMatchTheShape() throws {
    #expect(try HostArray([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]).count == 6)
    #expect(try HostArray([7] as [Int64], shape: []).count == 1)
    #expect(try HostArray([] as [UInt8], shape: [3, 0]).count == 0)
    let short = try formatError { _ = try HostArray([1, 2, 3] as [Float], shape: [2, 2]) }
    #expect(short == "array: 12 bytes for shape [2, 2] of float32; expected 16 bytes")
  }

  @Test(arguments: [
    [Int.max, 2], [1 << 32, 1 << 32], [0, Int.max, Int.max], [Int.max / 4 + 1],
    Array(repeating: 2, count: 100),
  ])
  func overflowingShapesAreRefused(shape: [Int]) throws {
    let message = try formatError { _ = try HostArray(dtype: .float32, shape: shape, bytes: Data()) }
    #expect(message.contains("overflows"))
  }

  @Test func negativeDimensionsAreRefused() throws {
    let message = try formatError {
      _ = try HostArray(dtype: .uint8, shape: [-1, -4], bytes: Data(count: 4))
    }
    #expect(message.contains("negative"))
  }

  @Test func boolsAreZeroOrOne() throws {
    #expect(try HostArray([true, false], shape: [2]).bools() == [true, false])
    let message = try formatError { _ = try HostArray(dtype: .bool, shape: [2], bytes: Data([1, 2])) }
    #expect(message.contains("the byte 2"))
  }

  @Test func typedAccessRoundTrips() throws {
    let floats: [Float] = [0, -1.5, .infinity, .leastNonzeroMagnitude]
    #expect(try HostArray(floats, shape: [4]).floats() == floats)
    #expect(try HostArray([0.1, -2], shape: [2]).doubles() == [0.1, -2])
    #expect(try HostArray([1, 255] as [UInt8], shape: [2]).uint8s() == [1, 255])
    #expect(try HostArray([1, 65535] as [UInt16], shape: [2]).uint16s() == [1, 65535])
    #expect(try HostArray([Int32.min, 7], shape: [2]).int64s() == [Int64(Int32.min), 7])
    #expect(try HostArray([Int64.min, 7], shape: [2]).int64s() == [Int64.min, 7])
  }

  @Test func aSliceOfAFileNeedNotBeAlignedOrStartAtZero() throws {
    let file = Data([9]) + [Float(1), 2].withUnsafeBytes { Data($0) } + Data([9])
    let array = try HostArray(dtype: .float32, shape: [2], bytes: file[1..<9])
    #expect(try array.floats() == [1, 2])
    #expect(array == (try HostArray([1, 2] as [Float], shape: [2])))
  }

  @Test func accessNeverNarrows() throws {
    _ = try formatError { _ = try HostArray([0.1] as [Double], shape: [1]).floats() }
    _ = try formatError { _ = try HostArray([1] as [Int64], shape: [1]).floats() }
    _ = try formatError { _ = try HostArray([1] as [Int64], shape: [1]).uint8s() }
    _ = try formatError {
      _ = try HostArray(dtype: .uint64, shape: [1], bytes: Data(repeating: 0xFF, count: 8)).int64s()
    }
  }

  #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
    @Test func everyFloat16WidensLikeTheProcessorDoes() throws {
      let patterns = (UInt16.min...UInt16.max).map { $0 }
      let array = try HostArray(
        dtype: .float16, shape: [patterns.count], bytes: patterns.withUnsafeBytes { Data($0) })
      let mismatches = zip(patterns, try array.floats()).filter { pattern, value in
        let reference = Float(Float16(bitPattern: pattern))
        return reference.isNaN ? !value.isNaN : reference.bitPattern != value.bitPattern
      }
      #expect(mismatches.isEmpty)
    }
  #endif

  @Test func bfloat16IsTheUpperHalfOfAFloat32() throws {
    let array = try HostArray(dtype: .bfloat16, shape: [2], bytes: Data([0x80, 0x3F, 0x49, 0xC0]))
    #expect(try array.floats() == [1, -3.140625])
  }

  @Test func namesOfTypesMapBothWays() {
    for type in DType.allCases {
      #expect(DType(safetensorsName: type.safetensorsName) == type)
      if let description = type.numpyDescription {
        #expect(DType(numpyDescription: description) == type)
      } else {
        #expect(type == .bfloat16)
      }
    }
  }
}
